// One event stream per page (CON-4). An event names the parts that have changed; the page is read again and those parts are
// put in place of the old ones. After a break everything is read again: so a page that was asleep catches up.
// A page that nobody sees has no stream: browsers open few connections to one server, for all of their tabs.
const PAUSE = 1000;
const PATIENCE = 6000;

export function listen(address) {
  if (!address) return;
  const lost = document.querySelector('[data-offline]');
  const wanted = new Set();
  let all = false;
  let timer = 0;
  let stream = null;

  const later = () => {
    if (!timer && !document.hidden) timer = setTimeout(refresh, PAUSE);
  };
  const refresh = async () => {
    timer = 0;
    const names = all ? null : new Set(wanted);
    all = false;
    wanted.clear();
    try {
      const answer = await fetch(location.href, { headers: { accept: 'text/html' }, cache: 'no-store' });
      if (answer.redirected) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      put(new DOMParser().parseFromString(await answer.text(), 'text/html'), names);
    } catch {
      all = true;
      lost.hidden = false;
    }
  };

  const open = () => {
    if (stream || document.hidden) return;
    let opened = false;
    stream = new EventSource(address);
    stream.addEventListener('open', () => {
      lost.hidden = true;
      if (opened || all) { all = true; later(); }
      opened = true;
    });
    // The server ends each stream after some minutes, and the browser opens another one.
    stream.addEventListener('error', ({ target }) => setTimeout(() => {
      if (target === stream && target.readyState !== EventSource.OPEN) lost.hidden = false;
    }, PATIENCE));
    stream.addEventListener('changed', (event) => {
      for (const name of event.data.split(' ')) wanted.add(name);
      later();
    });
  };
  const close = () => {
    stream?.close();
    stream = null;
    all = true;
  };

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) close();
    else open();
  });
  // A browser keeps a page that was left, with its connections, to show it again.
  addEventListener('pagehide', close);
  addEventListener('pageshow', open);
  open();
}

// Replaces the parts with these names, or all. A part in which somebody writes or has opened something stays as it is.
function put(page, names) {
  for (const fresh of page.querySelectorAll('[data-part]')) {
    const name = fresh.dataset.part;
    if (names && !names.has(name)) continue;
    const old = document.querySelector(`[data-part="${CSS.escape(name)}"]`);
    if (!old || old.isEqualNode(fresh) || old.contains(document.activeElement)) continue;
    const open = new Set([...old.querySelectorAll('details[open][id]')].map((it) => it.id));
    const atEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 40;
    old.replaceWith(document.adoptNode(fresh));
    for (const id of open) document.getElementById(id)?.setAttribute('open', '');
    if (name === 'talk' && atEnd) scrollTo(0, document.documentElement.scrollHeight);
  }
}
