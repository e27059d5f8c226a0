"use strict";
(() => {
const SCALE = 1024, DAY = 86400000, MOST = 50;
const $ = (id) => document.getElementById(id);
const number = (n) => n === null || n === undefined ? null : Number.isInteger(n) ? n / SCALE : n;
const numbers = (list) => (list || []).map(number);
const unpack = async (id) => {
  const text = atob($(id).textContent);
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(plain).text());
};
const quantity = (x) => x === null || x === undefined ? "unknown"
  : x.toLocaleString("en-US", Math.abs(x) >= 99.95 || Number.isInteger(x)
    ? { maximumFractionDigits: 0 } : { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const signed = (x) => Math.abs(x) < 0.05 ? "0" : (x > 0 ? "+" : "−") + quantity(Math.abs(x));
const percent = (x) => x === null || x === undefined ? "unknown" : (100 * x).toFixed(1) + "\u00a0%";
const relative = (log) => log === null ? "unknown"
  : (log < 0 ? "−" : "+") + Math.abs(100 * Math.expm1(log)).toFixed(1) + "\u00a0%";
const day = (ms) => new Date(ms).toLocaleDateString("en-GB",
  { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const words = (name) => name.replaceAll("_", " ");

/* Everything that is shown goes in as text, never as markup. */
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
const drawn = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
const table = (caption, columns, rows, numeric) => {
  const right = (i) => numeric.includes(i) ? { class: "number" } : {};
  const body = rows.map((row) => make("tr", {}, ...row.map((cell, i) =>
    i ? make("td", right(i), cell) : make("th", { scope: "row" }, cell))));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    make("table", {}, make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...columns.map((c, i) => make("th", { scope: "col", ...right(i) }, c)))),
      make("tbody", {}, ...body)));
};

let head, week0, chosen = null, target = "units";
const chunks = new Map();
const chunkOf = (i) => {
  const n = Math.floor(i / head.each);
  if (!chunks.has(n)) chunks.set(n, unpack("chunk" + n));
  return chunks.get(n);
};
const weekOf = (at) => week0 + at * 7 * DAY;

/* -- finding ------------------------------------------------------------------------------- */
const matches = () => {
  const query = $("query").value.trim().toLowerCase(), kind = $("kind").value;
  const ranked = [];
  head.index.forEach(([name, category, why], i) => {
    if (kind === "forecast" && why || kind === "out" && !why) return;
    const place = name.toLowerCase().indexOf(query);
    if (query && place < 0 && !category.toLowerCase().includes(query)) return;
    ranked.push([query && place === 0 ? 0 : place > 0 ? 1 : 2, i]);
  });
  const total = (i) => number(head.index[i][3]) || 0;
  ranked.sort((a, b) => a[0] - b[0] || (query ? a[1] - b[1] : total(b[1]) - total(a[1]) || a[1] - b[1]));
  return ranked.map(([, i]) => i);
};
const list = () => {
  const found = matches(), shown = found.slice(0, MOST);
  $("found").textContent = `${found.length.toLocaleString("en-US")} of ${head.index.length.toLocaleString("en-US")} SKUs`
    + (found.length > MOST ? `; the first ${MOST} are listed` : "")
    + ($("query").value.trim() ? "." : ", those expected to sell most first.");
  $("results").replaceChildren(...shown.map((i) => {
    const [name, category, why, total] = head.index[i];
    const about = why || `${quantity(number(total))} units ahead`;
    const link = make("a", { href: "#sku=" + encodeURIComponent(name) }, name);
    if (name === chosen) link.setAttribute("aria-current", "true");
    return make("li", {}, link, make("span", { class: "soft" }, ` ${category}${category ? ", " : ""}${about}`));
  }));
};

/* -- chart --------------------------------------------------------------------------------- */
const ticks = (top) => {
  const rough = top / 4, power = 10 ** Math.floor(Math.log10(rough || 1));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) || 1;
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step);
};
const chart = (series, name, width) => {
  const f = series.f, history = numbers(series.v), from = series.w ?? f.w;
  const partial = new Set(series.q || []);
  const last = f ? f.w + f.m.length - 1 : from + history.length - 1;
  const first = Math.max(from, last - 78);
  const sold = history.map((v, i) => [from + i, v]).filter(([at, v]) => v !== null && at >= first && !partial.has(at));
  const ahead = f ? numbers(f.m).map((v, i) => [f.w + i, v]) : [];
  const lo = f ? numbers(f.l) : [], hi = f ? numbers(f.h) : [], base = f ? numbers(f.b) : [];
  const year = history.map((v, i) => [from + i + 52, v]).filter(([at, v]) =>
    v !== null && at >= first && at <= last && !partial.has(at - 52));
  const hidden = (series.x || []).map(([at, v]) => [at, number(v)]).filter(([at]) => at >= first);
  const top = Math.max(1, ...sold.map((p) => p[1]), ...hi, ...year.map((p) => p[1]), ...hidden.map((p) => p[1])) * 1.05;
  const W = Math.max(300, Math.min(width, 1130)), H = W < 500 ? 240 : 300, L = 46, R = 8, T = 10, B = 26;
  const x = (at) => L + (W - L - R) * (at - first) / Math.max(1, last - first);
  const y = (v) => H - B - (H - T - B) * v / top;
  const path = (points) => points.map(([at, v], i) => (i && points[i - 1][0] === at - 1 ? "L" : "M") + x(at).toFixed(1) + " " + y(v).toFixed(1)).join("");
  const svg = drawn("svg", { viewBox: `0 0 ${W} ${H}`, width: W, height: H, role: "img",
    "aria-label": `${name}: history and forecast by week; the table below has the numbers` });
  for (const v of ticks(top)) svg.append(
    drawn("line", { x1: L, x2: W - R, y1: y(v), y2: y(v), stroke: "#e3e7ec" }),
    drawn("text", { x: L - 6, y: y(v) + 4, "text-anchor": "end", "font-size": 12, fill: "#4c5866" }, v.toLocaleString("en-US")));
  const step = Math.max(4, Math.ceil((last - first) / (W < 500 ? 4 : 8)));
  for (let at = first; at <= last; at += step) svg.append(
    drawn("text", { x: x(at), y: H - 8, "font-size": 12, fill: "#4c5866", "text-anchor": at === first ? "start" : "middle" },
      new Date(weekOf(at)).toLocaleDateString("en-GB", { month: "short", year: "2-digit", timeZone: "UTC" })));
  if (ahead.length) {
    const up = hi.map((v, i) => `${x(f.w + i).toFixed(1)} ${y(v).toFixed(1)}`);
    const down = lo.map((v, i) => `${x(f.w + i).toFixed(1)} ${y(v).toFixed(1)}`).reverse();
    svg.append(drawn("path", { d: "M" + [...up, ...down].join("L") + "Z", fill: "#0b62a8", "fill-opacity": 0.18, class: "band-area" }));
  }
  svg.append(drawn("path", { d: path(year), fill: "none", stroke: "#8a94a0", "stroke-width": 1 }),
    drawn("path", { d: path(sold), fill: "none", stroke: "#1d2733", "stroke-width": 1.6, class: "line-sold" }));
  for (const [at, v] of hidden) svg.append(drawn("circle", { cx: x(at), cy: y(v), r: 2.5, fill: "none", stroke: "#a8231b" }));
  if (ahead.length) svg.append(
    drawn("path", { d: path(base.map((v, i) => [f.w + i, v])), fill: "none", stroke: "#b4470b", "stroke-width": 1.6, "stroke-dasharray": "4 3", class: "line-without" }),
    drawn("path", { d: path(ahead), fill: "none", stroke: "#0b62a8", "stroke-width": 2.4, class: "line-ahead" }));
  if (f && f.fin) svg.append(drawn("path", { d: path(numbers(f.fin[1]).map((v, i) => [f.fin[0] + i, v])), fill: "none", stroke: "#6b2f8f", "stroke-width": 2 }));
  return svg;
};
const key = (f, hidden) => {
  const part = (kind, name) => [make("span", { class: "swatch " + kind }), name + "\u2003"];
  return make("p", { class: "key" }, ...part("sold", "happened"), ...part("last", "a year before"),
    ...(f ? [...part("ahead", "expected"), ...part("band", "80 % interval"), ...part("without", "expected without signals")] : []),
    ...(f && f.fin ? part("final", "with overrides") : []),
    ...(hidden ? ["○ estimated demand where stock ran out"] : []));
};

/* -- why ----------------------------------------------------------------------------------- */
const parts = (f, i) => {
  const base = number(f.b[i]), level = f.lv, promo = f.p ? number(f.p[i]) : 0, holiday = f.o ? number(f.o[i]) : 0;
  const said = Object.entries(f.s || {}).map(([signal, [at, list]]) => [words(signal), number(list[f.w + i - at] ?? 0)])
    .filter(([, v]) => v);
  return [["recent level", level, true], ["season and trend", base - level - promo - holiday, false],
    ...(promo ? [["promotions", promo, false]] : []), ...(holiday ? [["holidays", holiday, false]] : []),
    ["without signals", base, true], ...said.map(([name, v]) => [name, v, false]), ["forecast", number(f.m[i]), true]];
};
const waterfall = (f, i, unit) => {
  const steps = parts(f, i);
  let at = 0, reach = 1;
  const bars = steps.map(([name, v, whole]) => {
    const start = whole ? 0 : at, end = whole ? v : at + v;
    at = end; reach = Math.max(reach, start, end);
    return [name, v, whole, Math.min(start, end), Math.max(start, end)];
  });
  const rows = bars.map(([name, v, whole, low, high]) => {
    const bar = drawn("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", class: "bar", "aria-hidden": "true" },
      drawn("rect", { x: 100 * Math.max(0, low) / reach, y: 1, height: 8, width: Math.max(0.6, 100 * (high - Math.max(0, low)) / reach),
        fill: whole ? "#0b62a8" : v >= 0 ? "#2f8f4e" : "#c0561a" }));
    return [name, whole ? quantity(v) : signed(v), bar];
  });
  const wide = table(`Where the forecast comes from: week of ${day(weekOf(f.w + i))}`, ["part", unit, ""], rows, [1]);
  wide.classList.add("waterfall");
  return wide;
};
const leadsOf = (category) => head.leads.filter((lead) =>
  lead.target === target && (lead.category === category || lead.category === ""));
const leadLines = (category) => {
  return leadsOf(category).map((lead) => {
    const now = lead.heard[lead.heard.length - 1];
    const heard = now ? ` Heard in the week of ${day(weekOf(now[0]))}: in ${now[1]} of ${now[2]} conversations.` : "";
    return make("li", { class: "good" }, `${words(lead.signal)} leads ${lead.target} of ${lead.category || "all categories"} by `
      + `${lead.lead} ${lead.lead === 1 ? "week" : "weeks"}: ${relative(lead.effect[0])} per standard deviation (95 % interval ${relative(lead.effect[1])} to `
      + `${relative(lead.effect[2])}; ${lead.mentions.toLocaleString("en-US")} mentions in ${lead.conversations.toLocaleString("en-US")} conversations).` + heard);
  });
};
const quoteBlocks = (category) => {
  const moves = new Set(leadsOf(category).map((lead) => lead.signal));
  const said = [...(head.quotes[category] || []), ...(head.quotes[""] || [])];
  const ranked = [...said.filter((q) => moves.has(q[3])), ...said.filter((q) => !moves.has(q[3]))];
  const shown = ranked.filter((q, i) => ranked.findIndex((other) => other[1] === q[1]) === i).slice(0, 6);
  return shown.map(([side, text, about]) => make("blockquote", { class: side }, make("p", {}, `“${text}”`),
    make("footer", {}, (side === "against" ? "Against it: " : "") + about)));
};

/* -- plan ---------------------------------------------------------------------------------- */
const shownAs = (value, kind, currency) => kind === "date" ? day(Date.parse(value + "T00:00:00Z"))
  : kind === "share" ? percent(value) : typeof value === "number" ? quantity(value) + " " + (kind === "money" ? currency || "" : kind)
  : words(String(value));
const planTable = (plan) => {
  const rows = head.plan.map(([, label, kind], i) => [label, plan[i], kind]).filter(([, v]) => v !== null);
  const currency = plan[head.plan.findIndex(([name]) => name === "currency")];
  const found = table("Plan", ["what", "how much, when"], rows.map(([label, v, kind]) => [label, shownAs(v, kind, currency)]), [1]);
  found.classList.add("pairs");
  return found;
};
const overrideTable = (rows) => table("Overrides", ["week of", "of", "override", "statistical", "final", "author", "reason", "what became of it"],
  rows.map(([level, week, value, before, final, author, reason, , why]) => [day(Date.parse(week + "T00:00:00Z")),
    level === "total" ? "whole business" : words(level), quantity(value), quantity(before), quantity(final), author, reason, why]), [2, 3, 4]);
const overridesOf = (item, category) => [...(item.overrides || []),
  ...(item.units?.f?.fin ? [...(head.above[category] || []), ...(head.above[""] || [])] : [])];

/* -- one SKU ------------------------------------------------------------------------------- */
const forecastTable = (f, name) => table(`${name}: ${target} by week`,
  ["week of", "expected", "80 % from", "to", "without signals", "signals add", "last year’s week"],
  f.m.map((_, i) => {
    const m = number(f.m[i]), b = number(f.b[i]);
    return [day(weekOf(f.w + i)), quantity(m), quantity(number(f.l[i])), quantity(number(f.h[i])), quantity(b), signed(m - b), quantity(number(f.n[i]))];
  }), [1, 2, 3, 4, 5, 6]);
const choose = (item) => {
  const there = head.targets.filter((t) => item[t]);
  if (!there.includes(target) && there.length) target = there[0];
  const field = make("fieldset", {}, make("legend", {}, "Show"));
  for (const t of there) {
    const input = make("input", { type: "radio", name: "target", value: t });
    input.checked = t === target;
    input.addEventListener("change", () => { target = t; show(true); });
    field.append(make("label", {}, input, " " + t));
  }
  return field;
};
const why = (f, name) => {
  const pick = make("select", { id: "week" }, ...f.m.map((_, i) => make("option", { value: i }, "week of " + day(weekOf(f.w + i)))));
  const place = make("div", {});
  const redraw = () => place.replaceChildren(waterfall(f, Number(pick.value), target));
  pick.value = String(Math.min(1, f.m.length - 1));
  pick.addEventListener("change", redraw);
  redraw();
  return [make("h3", {}, "Why this number"), make("label", {}, "For the ", pick), place];
};
const show = async (keep) => {
  const i = head.index.findIndex(([name]) => name === chosen), detail = $("detail");
  if (i < 0) {
    $("item").textContent = chosen ? "Not on this page: " + chosen : "No SKU chosen";
    detail.replaceChildren();
    return;
  }
  const [name, category, missing] = head.index[i];
  const item = (await chunkOf(i))[name];
  if (name !== chosen) return;
  const blocks = [choose(item)], series = item[target];
  if (missing) blocks.push(make("p", { class: "absent" }, "No forecast: " + missing + "."));
  if (series && (series.f || series.v)) {
    const f = series.f, width = detail.clientWidth - 24;
    if (f && f.rung !== "full") blocks.push(make("p", { class: "absent" }, "This forecast stands on a lower rung: " + words(f.rung) + "."));
    blocks.push(key(f, series.x), make("figure", {}, make("figcaption", {}, `${name}: ${target} a week`), chart(series, name, width)));
    if (f) {
      const m = number(f.m[0]), sold = f.sold === undefined ? "" : ` (${quantity(number(f.sold))} so far)`;
      blocks.push(make("p", {}, `Running week: ${quantity(m)} expected${sold}, 80 % interval ${quantity(number(f.l[0]))} to ${quantity(number(f.h[0]))}; `
        + `${quantity(number(f.b[0]))} without signals. Model: ${words(f.model)}.`));
      blocks.push(make("details", {}, make("summary", {}, "Numbers week by week"), forecastTable(f, name)), ...why(f, name));
    }
  }
  const leads = leadLines(category), quotes = quoteBlocks(category);
  blocks.push(make("h3", {}, "What customers say of " + (category || "everything")),
    leads.length ? make("ul", { class: "verdicts" }, ...leads) : make("p", { class: "note" }, `No signal is adopted for ${target} here.`),
    ...(quotes.length ? quotes : [make("p", { class: "note" }, "No quotes are published.")]));
  blocks.push(make("h3", {}, "Plan and overrides"));
  blocks.push(item.plan ? planTable(item.plan) : make("p", { class: "note" }, "No plan is published for it."));
  const overrides = overridesOf(item, category);
  blocks.push(overrides.length ? overrideTable(overrides) : make("p", { class: "note" }, "Nobody has overridden a week that is still ahead."));
  $("item").textContent = name + (category ? ", " + category : "");
  detail.replaceChildren(...blocks);
  document.body.dataset.shown = name;
  if (!keep) $("item").focus({ preventScroll: matchMedia("(min-width: 60rem)").matches });
};
const follow = (keep) => {
  const found = /^#sku=(.*)$/.exec(location.hash);
  if (!found && location.hash) return undefined;
  try { chosen = found ? decodeURIComponent(found[1]) : null; } catch { chosen = null; }
  list();
  return show(keep);
};
(async () => {
  head = await unpack("head");
  week0 = Date.parse(head.week0 + "T00:00:00Z");
  $("query").addEventListener("input", list);
  $("kind").addEventListener("change", list);
  $("search").addEventListener("submit", (event) => {
    event.preventDefault();
    const first = matches()[0];
    if (first !== undefined) location.hash = "sku=" + encodeURIComponent(head.index[first][0]);
  });
  addEventListener("hashchange", () => follow(false));
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; show(true); } });
  if (!location.hash.startsWith("#sku=") && head.index.length) chosen = head.index[matches()[0]][0];
  if (location.hash.startsWith("#sku=")) await follow(true); else { list(); await show(true); }
  document.body.dataset.ready = "yes";
})();
})();
