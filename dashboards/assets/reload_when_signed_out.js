// A page whose session has ended gets 401 from then on: reloaded, it shows the sign-in page and comes back after it.
(() => {
  const fetchOfBrowser = window.fetch;
  window.fetch = async (...request) => {
    const answer = await fetchOfBrowser(...request);
    if (answer.status === 401 && new URL(answer.url).origin === window.location.origin) {
      window.location.reload();
    }
    return answer;
  };
})();
