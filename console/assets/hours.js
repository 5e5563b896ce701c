// The week grid of opening hours. The server writes two empty spans after each day's own; here they appear when asked for.
export function editHours(root) {
  for (const day of root.querySelectorAll('[data-hours-day]')) {
    const add = day.querySelector('[data-hours-add]');
    const unused = () => day.querySelector('.hours-span.unused');
    const refresh = () => {
      add.hidden = !unused();
      day.querySelector('[data-hours-closed]').hidden = Boolean(day.querySelector('.hours-span:not(.unused)'));
    };
    add.addEventListener('click', () => {
      const span = unused();
      if (!span) return;
      span.classList.remove('unused');
      span.querySelector('input').focus();
      refresh();
    });
    for (const span of day.querySelectorAll('.hours-span')) {
      const remove = span.querySelector('[data-hours-remove]');
      remove.hidden = false;
      remove.addEventListener('click', () => {
        for (const input of span.querySelectorAll('input')) input.value = '';
        span.classList.add('unused');
        refresh();
        add.focus();
        span.dispatchEvent(new Event('input', { bubbles: true }));
      });
    }
    refresh();
  }
}
