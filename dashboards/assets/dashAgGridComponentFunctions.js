// What cells of tables are drawn by.
var dagcomponentfuncs = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});

const element = (type, props, ...children) => React.createElement(type, props, ...children);

// A link within the pages: the row names where it leads.
dagcomponentfuncs.PageLink = function (props) {
  const follow = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    window.history.pushState({}, "", props.data.href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  };
  return element("a", { href: props.data.href, onClick: follow, className: "page-link" }, props.value);
};

// Requests over time as a small line.
dagcomponentfuncs.Sparkline = function (props) {
  const points = props.value || [];
  if (points.length < 2) return null;
  const width = 120;
  const height = 26;
  const top = Math.max(...points) || 1;
  const place = (value, index) =>
    `${((index / (points.length - 1)) * width).toFixed(1)},${(height - 2 - (value / top) * (height - 4)).toFixed(1)}`;
  const line = points.map(place).join(" ");
  return element(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", className: "sparkline" },
    element("polygon", { points: `0,${height} ${line} ${width},${height}` }),
    element("polyline", { points: line }),
  );
};

// Short words as tags.
dagcomponentfuncs.Tags = function (props) {
  const words = Array.isArray(props.value) ? props.value : props.value ? [props.value] : [];
  return element(
    "span",
    {},
    words.map((word) => element("span", { key: word, className: `tag tag-${word}` }, word)),
  );
};
