// Bars of the last hour, one a minute, with their text alternative.
const SVG = "http://www.w3.org/2000/svg";
const MINUTES = 60;
const WIDTH = 600;
const HEIGHT = 96;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** The reader's time zone, in which all times of the page are. */
export const timeZone = clock.resolvedOptions().timeZone;

/** The time of day of a minute. */
export const timeOf = (seconds) => clock.format(seconds * 1000);

/**
 * Draws into `svg` and says in its label what can be seen.
 * @param {SVGElement} svg
 * @param {string} what "Accepted", say
 * @param {{start: number, count: number}[]} minutes
 * @param {number} now in seconds
 * @returns {number} the highest bar
 */
export function draw(svg, what, minutes, now) {
  const peak = minutes.reduce((highest, minute) => (minute.count > highest.count ? minute : highest), { count: 0 });
  const last = now - (now % 60);
  const bars = minutes.filter(({ count }) => count > 0).map(({ start, count }) => {
    const bar = document.createElementNS(SVG, "rect");
    const step = WIDTH / MINUTES;
    const height = Math.max(2, (count / peak.count) * (HEIGHT - 4));
    const box = { x: WIDTH - step * ((last - start) / 60 + 1) + 1, y: HEIGHT - height, width: step - 2, height };
    for (const [name, value] of Object.entries(box)) bar.setAttribute(name, value);
    const title = document.createElementNS(SVG, "title");
    title.textContent = `${timeOf(start)}: ${count}`;
    bar.append(title);
    return bar;
  });
  svg.replaceChildren(...bars);
  const total = minutes.reduce((sum, { count }) => sum + count, 0);
  const most = peak.count ? `, peak ${peak.count}/min at ${timeOf(peak.start)}` : "";
  svg.setAttribute("aria-label", `${what} in the last hour: ${total}${most}`);
  return peak.count;
}
