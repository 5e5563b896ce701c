// Forms: no second request by a double press, a question before work is lost, and filters that apply as they are chosen.
export function watchForms(root) {
  for (const form of root.querySelectorAll('form')) {
    form.addEventListener('submit', () => {
      form.dataset.sent = 'true';
      // After the browser has gathered the values, a pressed button's among them.
      setTimeout(() => {
        for (const button of form.querySelectorAll('button')) button.disabled = true;
      });
    });
  }
  // A page that comes back from the browser's memory has its buttons again.
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    for (const button of root.querySelectorAll('form[data-sent] button')) button.disabled = false;
  });
  for (const form of root.querySelectorAll('form[data-guard]')) guard(form);
  for (const select of root.querySelectorAll('form[data-at-once] select')) {
    select.addEventListener('change', () => select.form.requestSubmit());
  }
  root.querySelector('[aria-invalid="true"]')?.focus();
}

function guard(form) {
  let changed = false;
  form.addEventListener('input', () => { changed = true; });
  addEventListener('beforeunload', (event) => {
    if (changed && !form.dataset.sent) event.preventDefault();
  });
}
