// Keys, and the way back after the connection was lost. Everything else is the server's.
(() => {
  const lost = () => document.getElementById('lost');
  const wait = ms => new Promise(done => setTimeout(done, ms));

  // Whether the door answers this page again, or leads elsewhere (a session that ended): both are reasons to load it.
  const answers = async () => {
    try {
      const answer = await fetch(location.href, { method: 'HEAD', redirect: 'manual', cache: 'no-store' });
      return answer.ok || answer.type === 'opaqueredirect' || answer.status === 401 || answer.status === 403;
    } catch { return false; }
  };

  let isDown = false;
  const comeBack = async () => {
    if (isDown) return;
    isDown = true;
    lost().hidden = false;
    for (let pause = 300; isDown; pause = Math.min(pause * 1.5, 3000)) {
      await wait(pause);
      try {
        if (await Blazor.reconnect()) break;
        location.reload();
        return;
      } catch {
        if (await answers()) { location.reload(); return; }
      }
    }
    isDown = false;
    lost().hidden = true;
  };

  Blazor.start({
    circuit: {
      reconnectionHandler: {
        onConnectionDown: () => { comeBack(); },
        onConnectionUp: () => { isDown = false; lost().hidden = true; },
      },
    },
  });

  const acts = {
    // Navigation within a page scrolls and leaves the focus behind.
    skip: () => document.getElementById('main').focus(),
    help: () => { const keys = document.getElementById('keys'); if (keys && !keys.open) keys.showModal(); },
    theme: () => window.edgemeshTheme(),
  };

  document.addEventListener('click', event => {
    const act = event.target.closest?.('[data-act]')?.dataset.act;
    if (act && acts[act]) acts[act]();
    event.target.closest?.('[data-leave]')?.closest('article').querySelector('[aria-expanded]').focus();
    for (const open of document.querySelectorAll('details.who[open]')) if (!open.contains(event.target)) open.open = false;
  });

  // Closes what is open, and gives the focus back to what opened it. False: nothing was open.
  const leave = from => {
    const button = from.closest?.('form.silence')?.querySelector('[data-leave]'), who = document.querySelector('details.who[open]');
    if (button) button.click();
    else if (who) { who.open = false; who.querySelector('summary').focus(); }
    return !!(button || who);
  };

  // The lines of a log, or the spans of a trace: there may be hundreds of stops before them.
  const step = by => {
    const rows = [...document.querySelectorAll('main .line > summary, main .span > summary')];
    const here = rows.findIndex(row => row.parentElement.contains(document.activeElement));
    rows[Math.min(rows.length - 1, Math.max(0, here + by))]?.focus();
  };

  let isGoing = 0;
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === 'Escape' && leave(event.target)) return;
    if (event.target.closest?.('input, textarea, select, [contenteditable]')) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    if (document.querySelector('dialog[open]')) return;
    if (Date.now() - isGoing < 1500) {
      isGoing = 0;
      const page = document.querySelector(`nav [data-key="${CSS.escape(event.key)}"]`);
      if (page) { event.preventDefault(); page.click(); }
      return;
    }
    switch (event.key) {
      case 'g': isGoing = Date.now(); break;
      case '?': acts.help(); break;
      case 't': acts.theme(); break;
      case '/': {
        const field = document.querySelector('main input[type="search"]');
        if (field) { event.preventDefault(); field.focus(); field.select(); }
        break;
      }
      case 'j': step(1); break;
      case 'k': step(-1); break;
      case 'p': document.querySelector('main [data-pause]')?.click(); break;
    }
  });

  // Older lines come as one scrolls to where they begin; without scripts there is the button.
  let isWaiting = false;
  document.addEventListener('scroll', () => {
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(() => {
      isWaiting = false;
      const more = document.querySelector('main [data-auto]');
      if (more && more.getBoundingClientRect().top < innerHeight + 200) more.click();
    }, 120);
  }, { passive: true });

  // On a phone the bar of pages is wider than the window: it shows the page where one is.
  const showHere = () => {
    const bar = document.querySelector('nav.side'), here = bar?.querySelector('.active');
    if (!here) return;
    const [outer, inner] = [bar.getBoundingClientRect(), here.getBoundingClientRect()];
    bar.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
  };
  showHere();
  Blazor.addEventListener('enhancedload', showHere);

  // A session that ends in one window ends in all.
  const sessions = new BroadcastChannel('edgemesh-sessions');
  sessions.onmessage = () => location.reload();
  document.addEventListener('submit', event => { if (event.target.matches('[data-sign-out]')) sessions.postMessage('over'); });
})();
