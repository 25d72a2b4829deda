// Unpacks the page's code and its network, in the page and in its worker.
"use strict";

const DIGITS =
  '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;"=>?@^_`{|}~';

/** Return what is packed in a text: zlib data after its length, in base 85 without "<". */
async function unpacked(text) {
  const digits = new Map([...DIGITS].map((letter, value) => [letter, value]));
  const packed = new DataView(new ArrayBuffer((text.length / 5) * 4));
  for (let place = 0; place < text.length / 5; place++) {
    let word = 0;
    for (let k = 0; k < 5; k++) word = word * 85 + digits.get(text[5 * place + k]);
    packed.setUint32(4 * place, word);
  }
  const data = new Uint8Array(packed.buffer, 4, packed.getUint32(0));
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

/** Run the page's code, which is packed as well. */
async function start() {
  const { textContent } = document.getElementById("code");
  const parts = JSON.parse(new TextDecoder().decode(await unpacked(textContent)));
  for (const [id, type, text] of parts) {
    const script = Object.assign(document.createElement("script"), { id, type, text });
    document.body.append(script);
  }
}
