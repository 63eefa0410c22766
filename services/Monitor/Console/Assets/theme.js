// Runs before the first paint, so that a page never flashes in the other colours. "auto" follows the system.
(() => {
  const root = document.documentElement;
  const read = () => { try { return localStorage.getItem('edgemesh-theme') || 'auto'; } catch { return 'auto'; } };
  const apply = () => { if (root.dataset.theme !== read()) root.dataset.theme = read(); };
  apply();
  // Navigation replaces the attributes of the page with those that the server sent.
  new MutationObserver(apply).observe(root, { attributes: true, attributeFilter: ['data-theme'] });
  window.edgemeshTheme = () => {
    const isDark = read() === 'dark' || (read() === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
    try { localStorage.setItem('edgemesh-theme', isDark ? 'light' : 'dark'); } catch { /* Private windows forget it. */ }
    root.dataset.theme = isDark ? 'light' : 'dark';
  };
})();
