// The engine's one entry point: networks that answer in the page, on typed arrays, without a DOM.
// What every network is made of comes by its name, the rest under the name of its module.

export * from "./nn.js";
export * from "./rnn.js";
export * from "./attention.js";
export * from "./transformer.js";
export * from "./bert.js";
export * from "./backward.js";
export * from "./packed.js";
export * from "./sampling.js";
export { bpeTokenizer } from "./bpe.js";
export { wordpieceTokenizer } from "./wordpiece.js";

export * as bertGradients from "./bert_gradients.js";
export * as budget from "./budget.js";
export * as compression from "./compression.js";
export * as digits from "./digits.js";
export * as explanation from "./explanation.js";
export * as games from "./games.js";
export * as gateNetwork from "./gate_network.js";
export * as generation from "./generation_model.js";
export * as gradients from "./gradients.js";
export * as growth from "./growth.js";
export * as lenet from "./lenet.js";
export * as pixels from "./pixels.js";
export * as privacy from "./privacy.js";
export * as speech from "./speech.js";
