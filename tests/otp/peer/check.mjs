// Codes by other hands: otpauth, from npm. Reads a list of cases from standard input as JSON, writes the list of their codes.

import { readFileSync } from "node:fs";
import { HOTP, Secret, TOTP } from "otpauth";

const kinds = {
  totp({ algorithm, digits, period, time, start }, secret) {
    // It counts from 1970 alone: a start is taken off the time.
    return TOTP.generate({ secret, algorithm, digits, period, timestamp: (time - start) * 1000 });
  },
  hotp({ algorithm, digits, counter }, secret) {
    return HOTP.generate({ secret, algorithm, digits, counter });
  },
};

const cases = JSON.parse(readFileSync(0, "utf8"));
const codes = cases.map((one) => kinds[one.kind](one, Secret.fromHex(one.seed)));
process.stdout.write(JSON.stringify(codes));
