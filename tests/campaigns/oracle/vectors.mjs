// Prints the oracle's verdicts: country<TAB>text<TAB>E.164, or "-" when it refuses or calls the length impossible.
// Inputs are built, not collected: a leading pair of digits and a tail of zeros, in every length, with and without
// trunk and international prefixes, so that no line is somebody's number. North American ones end in 555 01xx.
import { createRequire } from "node:module";
import { parsePhoneNumberWithError } from "libphonenumber-js/max";

const require = createRequire(import.meta.url);
const metadata = require("libphonenumber-js/metadata.max.json");

const tail = (head, length) => (head + "0".repeat(20)).slice(0, length);
const verdict = (text, country) => {
  try {
    const number = parsePhoneNumberWithError(text, { defaultCountry: country, extract: false });
    return number.isPossible() ? number.number + (number.ext ? ";ext=" + number.ext : "") : "-";
  } catch {
    return "-";
  }
};

const lines = [];
const add = (country, text) => lines.push(`${country}\t${text}\t${verdict(text, country)}`);
const heads = ["20", "82"];

for (const [country, row] of Object.entries(metadata.countries).sort(([a], [b]) => (a < b ? -1 : 1))) {
  const [code, , , lengths] = row;
  const trunk = row[5] || "";
  if (code === "1") {
    for (const area of ["212", "907", "684", "291", "111", "800"]) {
      for (const exchange of ["555", "155"]) {
        const digits = area + exchange + "0123";
        for (const text of [digits, "1" + digits, "+1" + digits, `(${area}) ${exchange}-0123`, `+1 ${area}.${exchange}.0123`,
          `1-${area}-${exchange}-0123 x45`, `001${digits}`, `011 44 20 7946 0123`, digits.slice(3), digits + "4"]) {
          add(country, text);
        }
      }
    }
    continue;
  }
  for (let length = 2; length <= 15; length++) {
    const near = [length - 1, length, length + 1].some((candidate) => lengths.includes(candidate));
    if (!near) continue;
    for (const head of lengths.includes(length) ? heads : heads.slice(0, 1)) {
      const national = tail(head, length);
      add(country, national);
      add(country, "+" + code + national);
      if (lengths.includes(length)) {
        add(country, "00" + code + national);
        add(country, `+${code} (${national.slice(0, 2)}) ${national.slice(2)} ext. 12`);
        add(country, code + national);
        if (trunk) {
          add(country, trunk + national);
          add(country, `+${code} (${trunk})${national}`);
        }
      }
    }
  }
}
for (const [code, row] of Object.entries(metadata.nonGeographic)) {
  for (let length = 4; length <= 15; length++) add("US", "+" + code + tail("12", length));
}
process.stdout.write(lines.join("\n") + "\n");
