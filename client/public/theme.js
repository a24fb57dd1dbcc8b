// Applies the stored theme before anything is painted; core/theme.ts owns the key.
(() => {
  try {
    const theme = localStorage.getItem('pulsegraph.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be refused; then the system's theme applies.
  }
})();
