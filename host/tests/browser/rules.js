// What every page must keep, as a list of what breaks it. Runs in the page; `arguments[0]` says whether it is one of ours.
const faults = [];
const ours = arguments[0];
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const isShown = element => element.checkVisibility() && element.getClientRects().length > 0;
const named = element => `<${element.tagName.toLowerCase()}> "${element.textContent.trim().slice(0, 40)}"`;

const root = document.documentElement;
if (root.scrollWidth > root.clientWidth) {
  const wide = all("body *").filter(one => one.getBoundingClientRect().right > root.clientWidth + 1);
  faults.push(`scrolls sideways: ${root.scrollWidth} px in ${root.clientWidth} px, by ${wide.slice(0, 3).map(named)}`);
}
if (!/^[a-z]{2}/.test(root.lang)) faults.push("the language is not said");

const headings = all("h1, h2, h3, h4, h5, h6").map(one => Number(one.tagName[1]));
if (headings.filter(level => level === 1).length !== 1 || headings[0] !== 1) faults.push(`headings begin as ${headings}`);
headings.forEach((level, at) => {
  if (at > 0 && level > headings[at - 1] + 1) faults.push(`a heading of level ${level} follows one of ${headings[at - 1]}`);
});
if (all("main").length !== 1) faults.push("there is not one main landmark");
if (ours && all("body > header").length !== 1) faults.push("there is not one banner");
all("nav").filter(one => !one.getAttribute("aria-label")).forEach(() => faults.push("a nav has no label"));

const ids = all("[id]").map(one => one.id);
ids.filter((id, at) => ids.indexOf(id) !== at).forEach(id => faults.push(`the id ${id} is there twice`));
for (const name of ["aria-describedby", "aria-labelledby", "for"]) {
  for (const one of all(`[${name}]`)) {
    const lost = one.getAttribute(name).split(/\s+/).filter(id => !document.getElementById(id));
    if (lost.length) faults.push(`${name} leads nowhere: ${lost}`);
  }
}
all("th").filter(one => ours && !one.scope).forEach(one => faults.push(`${named(one)} has no scope`));
all("img:not([alt]), script").forEach(one => faults.push(`${named(one)} must not be here`));

const read = colour => {
  const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
  return { rgb: [red, green, blue], alpha };
};
const luminance = rgb => {
  const [red, green, blue] = rgb.map(one => one / 255).map(one => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const behind = element => {
  for (let one = element; one; one = one.parentElement) {
    const { rgb, alpha } = read(getComputedStyle(one).backgroundColor);
    if (alpha === 1) return rgb;
    if (alpha > 0) faults.push(`${named(one)} lets a background through`);
  }
  return matchMedia("(prefers-color-scheme: dark)").matches && getComputedStyle(root).colorScheme.includes("dark") ? [18, 18, 18] : [255, 255, 255];
};
const isText = node => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== "";
for (const element of all("body *")) {
  const says = [...element.childNodes].some(isText) || element.matches("input, select");
  if (!says || !isShown(element) || element.matches(":disabled, :disabled *, option")) continue;
  const [one, other] = [luminance(read(getComputedStyle(element).color).rgb), luminance(behind(element))];
  const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  if (contrast < 4.5) faults.push(`${named(element)} has a contrast of ${contrast.toFixed(2)}`);
}
return faults;
