// Hands a changed query of the URL to the page that is shown, but not to one that is being left.
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.gatelens = {
  searchOfSamePage: (search) => {
    const { triggered } = window.dash_clientside.callback_context;
    const leaving = triggered.some((change) => change.prop_id === "url.pathname");
    return leaving ? window.dash_clientside.no_update : search;
  },
};
