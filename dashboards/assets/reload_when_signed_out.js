// After its session has ended, a page gets 401 for everything. A reload leads to the sign-in page, and back afterwards.
(() => {
  const originalFetch = window.fetch;
  window.fetch = async (...request) => {
    const answer = await originalFetch(...request);
    if (answer.status === 401 && new URL(answer.url).origin === window.location.origin) {
      window.location.reload();
      // Until then, nothing shows an error.
      return new Promise(() => {});
    }
    return answer;
  };
})();
