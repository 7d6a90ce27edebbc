/**
 * ONNX graphs as steps of the decoding loop, in onnxruntime-web. The only module that touches it.
 */

import * as ort from "onnxruntime-web";

import { shown } from "../decoding/contract.js";
import { Step } from "../decoding/steps.js";
import { GraphError, ProviderError } from "../errors.js";

/** @typedef {import("../decoding/steps.js").StepSpec} StepSpec */
/** @typedef {import("../decoding/steps.js").TensorSpec} TensorSpec */
/** @typedef {import("../folder/reader.js").FolderContent} FolderContent */

/**
 * Open the two graphs of a folder.
 *
 * @param {FolderContent} content
 * @returns {Promise<import("../decoding/steps.js").Steps>}
 */
export async function openSteps({ manifest, graphs, encoder, decoder }) {
  requireVersion(manifest.requires.get("onnxruntime") ?? "0");
  // More threads than one need cross-origin isolation, and bring nothing for graphs of this size.
  ort.env.wasm.numThreads = 1;
  return {
    encoder: await openStep(encoder, manifest.steps.encoder, graphs.encoder.file),
    decoder: await openStep(decoder, manifest.steps.decoder, graphs.decoder.file),
  };
}

/**
 * Make sure that onnxruntime-web is new enough for the graphs.
 *
 * @param {string} oldest numbers with dots between
 */
function requireVersion(oldest) {
  const installed = ort.env.versions.common;
  const [found, needed] = [installed, oldest].map((version) =>
    version.split(".").map(Number.parseFloat),
  );
  const at = needed.findIndex((number, index) => number !== (found[index] ?? 0));
  if (at >= 0 && needed[at] > (found[at] ?? 0)) {
    throw new ProviderError(
      `these graphs need onnxruntime-web ${oldest} or newer, found ${installed}: upgrade it`,
    );
  }
}

/**
 * Open a graph.
 *
 * @param {Uint8Array} content the ONNX file's bytes
 * @param {StepSpec} spec
 * @param {string} file name of the graph in messages
 */
async function openStep(content, spec, file) {
  let session;
  try {
    session = await ort.InferenceSession.create(content, {
      executionProviders: ["wasm"],
      logSeverityLevel: 4, // faults are thrown, too
    });
  } catch (error) {
    throw new GraphError(`${file}: ONNX Runtime cannot load it: ${firstLine(error)}`, {
      cause: error,
    });
  }
  checkTensors(spec.inputs, session.inputMetadata, `${file}: inputs`);
  checkTensors(spec.outputs, session.outputMetadata, `${file}: outputs`);
  return stepOf(session, spec, file);
}

/**
 * @param {ort.InferenceSession} session
 * @param {StepSpec} spec
 * @param {string} file
 */
function stepOf(session, spec, file) {
  const [tokensName, ...stateNames] = spec.inputs.map((tensor) => tensor.name);
  /** The call before: a session runs one at a time. @type {Promise<unknown>} */
  let before = Promise.resolve();

  return new Step(spec, async (tokens, state) => {
    /** @type {Record<string, ort.Tensor>} */
    const feeds = { [tokensName]: new ort.Tensor("int64", tokens.data, tokens.shape) };
    for (const name of stateNames) {
      feeds[name] = new ort.Tensor("float32", state[name].data, state[name].shape);
    }
    const outputs = before.then(() => session.run(feeds));
    before = outputs.catch(() => undefined); // it is the caller's
    try {
      const named = Object.entries(await outputs);
      return Object.fromEntries(
        named.map(([name, { data, dims }]) => {
          return [name, { data: /** @type {Float32Array} */ (data), shape: dims }];
        }),
      );
    } catch (error) {
      throw new GraphError(`${file}: ONNX Runtime failed while running it: ${firstLine(error)}`, {
        cause: error,
      });
    }
  });
}

/**
 * Compare the tensors of a graph with those that the manifest specifies.
 *
 * @param {TensorSpec[]} specs
 * @param {readonly ort.InferenceSession.ValueMetadata[]} found
 * @param {string} where
 */
function checkTensors(specs, found, where) {
  const expected = specs.map(shown).join(", ");
  const actual = found
    .map((tensor) => {
      const { name } = tensor;
      return tensor.isTensor
        ? shown({ name, dtype: tensor.type, shape: [...tensor.shape] })
        : `${name}, which is no tensor`;
    })
    .join(", ");
  if (actual !== expected) {
    throw new GraphError(
      `${where}: expected ${expected}, found ${actual}; the graph and the manifest do not belong ` +
        "together: export again",
    );
  }
}

/**
 * Return the first line of an error's message; onnxruntime's go on with stack traces.
 *
 * @param {unknown} error
 */
function firstLine(error) {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0];
}
