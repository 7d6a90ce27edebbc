/**
 * Service worker: keeps the page, its modules, the WebAssembly and the model, and answers with them
 * where there is no network. `offline.js` starts it; no module, because not every browser takes one.
 *
 * The page is fetched whenever there is a network. A model is kept under the sha256 of its manifest:
 * as long as that stays its files are not fetched again, and a new model takes the place of the old
 * one as soon as the page has loaded it. At most two are kept: a whole one, and behind it a newer
 * one that is still arriving.
 */

/** @typedef {{ waitUntil: (promise: Promise<unknown>) => void }} Extendable */
/** @typedef {Extendable & { request: Request, respondWith: (r: Promise<Response>) => void }} Fetch */
/** @typedef {Extendable & { data: { addresses: string[] }, ports: MessagePort[] }} Message */
/**
 * @typedef {object} Worker the part of ServiceWorkerGlobalScope that is used
 * @property {Location} location
 * @property {{ scope: string }} registration
 * @property {{ claim: () => Promise<void> }} clients
 * @property {() => Promise<void>} skipWaiting
 * @property {(type: string, listener: (event: any) => void) => void} addEventListener
 */

const worker = /** @type {Worker} */ (/** @type {unknown} */ (self));

const FOLDER = String(new URL(new URL(worker.location.href).searchParams.get("model") ?? ""));
const MANIFEST = `${FOLDER}manifest.json`;
/** Other pages of this origin have caches, too. */
const PAGE_CACHE = `s2s-demo page ${worker.registration.scope}`;
const MODEL_CACHE = `s2s-demo model ${worker.registration.scope} `;

/** Files that are being kept. @type {Set<Promise<void>>} */
const arriving = new Set();
let isUnreachable = false;

worker.addEventListener("install", (/** @type {Extendable} */ event) => {
  event.waitUntil(worker.skipWaiting());
});

worker.addEventListener("activate", (/** @type {Extendable} */ event) => {
  event.waitUntil(worker.clients.claim());
});

worker.addEventListener("fetch", (/** @type {Fetch} */ event) => {
  const { method, url } = event.request;
  if (method !== "GET" || new URL(url).origin !== worker.location.origin) return;
  event.respondWith(answer(url, event));
});

worker.addEventListener("message", (/** @type {Message} */ event) => {
  event.waitUntil(keepAll(event.data.addresses, event).then((kept) => event.ports[0].postMessage(kept)));
});

/**
 * @param {string} url
 * @param {Extendable} event that goes on until the file is kept
 */
function answer(url, event) {
  if (!url.startsWith(FOLDER)) return answerPage(url, event);
  return url === MANIFEST ? answerManifest() : answerModel(url, event);
}

/**
 * @param {string} url
 * @param {Extendable} event
 */
async function answerPage(url, event) {
  const cache = await caches.open(PAGE_CACHE);
  try {
    const response = await fetch(url, { cache: "no-cache" });
    if (response.ok) later(event, cache.put(url, response.clone()));
    return response;
  } catch (error) {
    const kept = await cache.match(url, { ignoreSearch: true });
    if (kept === undefined) throw error;
    return kept;
  }
}

/** Answer with the manifest, which decides the model of the requests that follow. */
async function answerManifest() {
  let response;
  try {
    response = await fetch(MANIFEST, { cache: "no-cache" });
    isUnreachable = false;
  } catch (error) {
    isUnreachable = true;
    return keptManifest(error);
  }
  if (!response.ok) return response;
  const name = MODEL_CACHE + (await sha256(await response.clone().arrayBuffer()));
  const [, newer] = await modelCaches();
  if (newer !== undefined && newer !== name) await remove([newer]);
  const cache = await caches.open(name);
  await cache.put(MANIFEST, response.clone());
  return response;
}

/**
 * Return the manifest of the model that is whole.
 *
 * @param {unknown} error to throw where there is none
 */
async function keptManifest(error) {
  const [whole, ...others] = await modelCaches();
  await remove(others);
  const kept = whole && (await (await caches.open(whole)).match(MANIFEST));
  if (!kept) throw error;
  return kept;
}

/**
 * @param {string} url
 * @param {Extendable} event
 */
async function answerModel(url, event) {
  const name = (await modelCaches()).at(-1);
  if (name === undefined) return fetch(url, { cache: "no-cache" });
  const cache = await caches.open(name);
  const kept = await cache.match(url);
  if (kept !== undefined) return kept;
  const response = await fetch(url, { cache: "no-cache" });
  if (response.ok) later(event, keepModelFile(cache, url, response.clone()));
  return response;
}

/**
 * Keep a file of the model if it is the one that the manifest records.
 *
 * @param {Cache} cache
 * @param {string} url
 * @param {Response} response
 */
async function keepModelFile(cache, url, response) {
  const manifest = await (await cache.match(MANIFEST))?.json();
  const content = await response.arrayBuffer();
  const recorded = manifest?.files[url.slice(FOLDER.length)]?.sha256;
  if (recorded === (await sha256(content))) await cache.put(url, new Response(content));
}

/**
 * Keep what the page has loaded, and of the models the newest alone.
 *
 * @param {string[]} addresses
 * @param {Extendable} event
 */
async function keepAll(addresses, event) {
  await Promise.all(arriving);
  const own = addresses.filter((address) => new URL(address).origin === worker.location.origin);
  for (const address of own) {
    if (!(await isKept(address))) await answer(address, event).catch(() => undefined);
  }
  await Promise.all(arriving);
  await remove((await modelCaches()).slice(0, -1));
  const kept = await Promise.all(own.map(isKept));
  return { isSaved: kept.every(Boolean), isUnreachable };
}

/** @param {string} address */
async function isKept(address) {
  const names = [PAGE_CACHE, ...(await modelCaches())];
  const found = names.map(async (name) => (await caches.open(name)).match(address));
  return (await Promise.all(found)).some((response) => response !== undefined);
}

/** Return the names of the caches of models, oldest first. */
async function modelCaches() {
  return (await caches.keys()).filter((name) => name.startsWith(MODEL_CACHE));
}

/** @param {string[]} names of caches */
function remove(names) {
  return Promise.all(names.map((name) => caches.delete(name)));
}

/**
 * Go on keeping a file behind its answer. What cannot be kept (no room) is no fault of the answer.
 *
 * @param {Extendable} event
 * @param {Promise<void>} keeping
 */
function later(event, keeping) {
  const settled = keeping.catch(() => undefined).finally(() => arriving.delete(settled));
  arriving.add(settled);
  event.waitUntil(settled);
}

/** @param {ArrayBuffer} content */
async function sha256(content) {
  const digest = await crypto.subtle.digest("SHA-256", content);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
