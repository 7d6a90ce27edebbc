/**
 * Offline: the page's side of `offline_worker.js`, which keeps the page and its model.
 */

/** The longest that the page waits for the worker, in milliseconds. */
const PATIENCE = 2000;

/**
 * Start the worker, and wait until what the page fetches goes through it: then nothing is
 * downloaded twice. A browser without service workers goes on without one.
 *
 * @param {string} model address of the model's folder
 */
export async function startWorker(model) {
  if (!("serviceWorker" in navigator)) return;
  const address = new URL("offline_worker.js", import.meta.url);
  address.searchParams.set("model", model);
  try {
    const controlled = new Promise((done) => {
      navigator.serviceWorker.addEventListener("controllerchange", done, { once: true });
    });
    const { active } = await navigator.serviceWorker.register(address);
    const late = new Promise((done) => window.setTimeout(done, PATIENCE));
    if (active === null) await Promise.race([controlled, late]);
  } catch {
    // Refused, as some browsers do in private windows: the page works, but online alone.
  }
}

/**
 * Let the worker keep all that the page has fetched, and drop the model that was kept before.
 *
 * @returns {Promise<{ isSaved: boolean, isUnreachable: boolean }>} whether all is kept, and whether
 *   the model's server could not be reached
 */
export async function keepForOffline() {
  const worker = navigator.serviceWorker?.controller;
  if (!worker) return { isSaved: false, isUnreachable: false };
  const fetched = performance.getEntriesByType("resource").map(({ name }) => name);
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((done) => {
    port1.onmessage = ({ data }) => done(data);
  });
  worker.postMessage({ addresses: [location.href, ...fetched] }, [port2]);
  return answer;
}
