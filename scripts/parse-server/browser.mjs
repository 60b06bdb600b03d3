// A real Chromium for tests: the one that is installed, with nothing but what a test asks of it.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"];

/** Where Chromium is installed, if it is. */
export const chromiumPath = PLACES.find((path) => path && existsSync(path));

/** Starts it. */
export function startBrowser() {
  return chromium.launch({ executablePath: chromiumPath, args: FLAGS });
}

/**
 * A page that remembers what it loaded and what went wrong in it.
 * @param {import("playwright-core").Browser} browser
 * @param {object} [options] of the browser context
 * @returns {Promise<import("playwright-core").Page & {requested: string[], complaints: string[]}>}
 */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, timezoneId: "UTC", locale: "en-GB", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.requested = [];
  page.complaints = [];
  page.on("request", (request) => page.requested.push(request.url()));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  return page;
}

/** The hosts of everything that a page has loaded. */
export function hostsOf(page) {
  return [...new Set(page.requested.map((url) => new URL(url).host))];
}
