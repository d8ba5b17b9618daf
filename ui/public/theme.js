// Runs before the first paint, so that a chosen theme does not flash; in a file of its own, since inline scripts are forbidden.
(() => {
  try {
    const theme = localStorage.getItem('headwind.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch {
    // A browser that keeps nothing shows the system's theme.
  }
})();
