// How figures are shown in tables; twins of dashboards/formats.py.
var dagfuncs = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});

const nothing = "–";
const known = (value) => value !== null && value !== undefined && !Number.isNaN(value);

const scaled = (value, units, base) => {
  let unit = 0;
  while (Math.abs(value) >= base && unit < units.length - 1) {
    value /= base;
    unit += 1;
  }
  return [Number(value.toPrecision(3)), units[unit]];
};

dagfuncs.count = (value) => (known(value) ? Math.round(value).toLocaleString("en-US") : nothing);

dagfuncs.rate = (value) => {
  if (!known(value)) return nothing;
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })}/s`;
};

dagfuncs.share = (value) => {
  if (!known(value)) return nothing;
  if (value > 0 && value < 0.0001) return "<0.01%";
  return `${(value * 100).toFixed(value < 0.1 ? 2 : 1)}%`;
};

dagfuncs.ms = (value) => {
  if (!known(value)) return nothing;
  if (value > 0 && value < 0.1) return `${Number((value * 1000).toPrecision(3))} µs`;
  return scaled(value, ["ms", "s"], 1000).join(" ");
};

dagfuncs.size = (value) => (known(value) ? scaled(value, ["B", "kB", "MB", "GB", "TB", "PB"], 1000).join(" ") : nothing);

dagfuncs.apdex = (value) => (known(value) ? value.toFixed(3) : nothing);

dagfuncs.status = (value) => (value ? String(value) : "none");

// The colours of the page, whichever scheme it is in.
dagfuncs.gatelensTheme = (base) =>
  base.withParams({
    backgroundColor: "transparent",
    foregroundColor: "var(--mantine-color-text)",
    borderColor: "var(--mantine-color-default-border)",
    headerBackgroundColor: "transparent",
    headerTextColor: "var(--mantine-color-dimmed)",
    oddRowBackgroundColor: "transparent",
    rowHoverColor: "var(--mantine-color-default-hover)",
    menuBackgroundColor: "var(--mantine-color-body)",
    tooltipBackgroundColor: "var(--mantine-color-body)",
    inputBackgroundColor: "var(--mantine-color-body)",
    browserColorScheme: "inherit",
    fontFamily: "inherit",
    fontSize: 13,
    headerFontWeight: 500,
    wrapperBorder: false,
    wrapperBorderRadius: 0,
    cellHorizontalPadding: 10,
    rowHeight: 38,
    headerHeight: 36,
  });
