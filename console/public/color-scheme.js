// Before the first paint, so that a dark page never flashes white. A file of its own: the page's policy allows no inline script.
(() => {
  let wanted = null;
  try {
    wanted = localStorage.getItem('headgate-color-scheme');
  } catch {
    // Storage can be forbidden; the system's scheme is as good a guess.
  }
  const dark = wanted === 'dark' || (wanted !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
