// What every page does once scripts run. Each page can be read and used without any of it.
import { openDialogs } from './dialog.js';
import { watchForms } from './forms.js';
import { editHours } from './hours.js';
import { listen } from './live.js';
import { offerTestCalls } from './test_call.js';

document.documentElement.classList.add('scripted');
openDialogs(document);
watchForms(document);
editHours(document);
listen(document.body.dataset.events);
offerTestCalls(document);

// On a telephone the index of the settings is one line that scrolls.
document.querySelector('.index [aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' });

// A menu closes when something else is pressed, and by Escape.
document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
});
