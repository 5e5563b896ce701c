// The server writes an open dialog into the page. Here it becomes a modal one; closing it goes back to the page without it.
export function openDialogs(root) {
  for (const dialog of root.querySelectorAll('dialog[open]')) {
    // Not `close()`: its event would come after the listener below.
    dialog.removeAttribute('open');
    dialog.showModal();
    dialog.addEventListener('close', () => {
      const back = dialog.querySelector('[data-close]');
      if (back) location.assign(back.href);
    });
    dialog.querySelector('[data-close]')?.addEventListener('click', (event) => {
      event.preventDefault();
      dialog.close();
    });
  }
}
