// Figures as people read them in charts; the twin of dashboards/formats.py, tested against the same cases.
(() => {
  const gatelens = (window.gatelens = window.gatelens || {});
  const NOTHING = "–";
  const SPACE = "\u00a0";
  const PREFIXES = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
  const BYTES = [[1e15, "PB"], [1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"]];

  const whole = (value) => Math.round(value).toLocaleString("en-US");

  // Three digits that matter, without zeros at the end; all of a larger whole number.
  const three = (value) => {
    if (value === 0) return "0";
    if (value >= 99.95) return whole(value);
    const digits = Math.max(0, 2 - Math.floor(Math.log10(value)));
    const text = value.toFixed(digits);
    return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  };

  const scaled = (value, units) => {
    const found = units.find(([bound]) => value >= bound * 0.9995);
    return found ? `${three(value / found[0])}${SPACE}${found[1]}` : three(value);
  };

  const span = (milliseconds) => {
    const seconds = Math.round(milliseconds / 1000);
    const parts = [
      [Math.floor(seconds / 86400), "d"],
      [Math.floor((seconds % 86400) / 3600), "h"],
      [Math.floor((seconds % 3600) / 60), "min"],
      [seconds % 60, "s"],
    ];
    return parts.filter(([number]) => number).slice(0, 2).map(([number, unit]) => `${number}${SPACE}${unit}`).join(" ") || `0${SPACE}s`;
  };

  const size = (value) => (value < 1000 ? `${value.toFixed(0)}${SPACE}B` : scaled(value, BYTES));

  const units = {
    count: (value) => {
      if (value >= 100000) return scaled(value, PREFIXES);
      return value >= 10 || Number.isInteger(value) ? whole(value) : String(Number(value.toPrecision(2)));
    },
    rate: (value) => {
      if (value >= 1000) return `${scaled(value, PREFIXES)}/s`;
      const [factor, unit] = [[1, "s"], [60, "min"], [3600, "h"]].find(([each, name]) => value * each >= 1 || name === "h");
      return `${three(value * factor)}/${unit}`;
    },
    share: (value) => {
      if (value > 0 && value < 0.0001) return `<${SPACE}0.01${SPACE}%`;
      if (value > 0.9999 && value < 1) return `>${SPACE}99.99${SPACE}%`;
      const digits = value < 0.1 || (value > 0.99 && value < 1) ? 2 : 1;
      return `${(value * 100).toFixed(digits).replace(/\.?0+$/, "")}${SPACE}%`;
    },
    ms: (value) => {
      if (value === 0) return `0${SPACE}ms`;
      if (value <= 0.1) return `${three(value * 1000)}${SPACE}µs`;
      if (value < 999.5) return `${three(value)}${SPACE}ms`;
      return value < 120000 ? `${three(value / 1000)}${SPACE}s` : span(value);
    },
    bytes: size,
    bytes_rate: (value) => `${size(value)}/s`,
    score: (value) => value.toFixed(3),
    cores: (value) => (value > 0 && value < 0.001 ? `<${SPACE}0.001${SPACE}cores` : `${three(Math.round(value * 1000) / 1000)}${SPACE}cores`),
    plain: (value) => (value < 100000 ? three(value) : scaled(value, PREFIXES)),
  };

  gatelens.span = span;
  gatelens.format = (unit, value) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING;
    return value < 0 ? `\u2212${units[unit](-value)}` : units[unit](value);
  };

  // Four to six round values from zero to at least `top`, for an axis. A log of 2 is not round: durations and bytes too go by ten.
  gatelens.ticks = (top, most = 4) => {
    if (!(top > 0)) return [0, 1];
    const raw = top / most;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= raw * 0.999);
    const count = Math.ceil(top / step - 1e-9);
    return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
  };

  // Ticks of an axis and what stands on them. Rates are of one unit all along it.
  const RATES = [[1, "s"], [60, "min"], [3600, "h"]];
  gatelens.axis = (unit, top, most) => {
    if (unit === "rate" && top > 0 && top < 1) {
      const [factor, name] = RATES.find(([each]) => top * each >= 1) || RATES[2];
      const values = gatelens.ticks(top * factor, most);
      return { values: values.map((value) => value / factor), texts: values.map((value) => (value ? `${three(value)}/${name}` : "0")) };
    }
    const values = gatelens.ticks(top, most);
    return { values, texts: values.map((value) => (value ? (unit === "rate" && value < 1 ? `${three(value)}/s` : gatelens.format(unit, value)) : "0")) };
  };

  // A time in the reader's zone, which the document's root names.
  gatelens.time = (milliseconds, seconds = false) => {
    const zone = document.documentElement.dataset.zone || "UTC";
    const at = new Date(milliseconds);
    const day = (date) => date.toLocaleDateString("en-GB", { timeZone: zone, day: "numeric", month: "short" });
    const clock = at.toLocaleTimeString("en-GB", {
      timeZone: zone, hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}),
    });
    return day(at) === day(new Date()) ? clock : `${day(at)} ${clock}`;
  };
})();
