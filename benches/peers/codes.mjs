// Codes by otplib or otpauth. A line on standard input is a round: it answers with the nanoseconds that all codes took, and
// the last of them.
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';

import { Secret, TOTP } from 'otpauth';
import { generateSync } from 'otplib';

const [which, count, now] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

function seed(n) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(n));
  const hash = createHash('sha1').update(bytes).digest();
  return new Secret({ buffer: hash.buffer.slice(hash.byteOffset, hash.byteOffset + 20) });
}

const seeds = Array.from({ length: count }, (_, n) => seed(n));
const texts = seeds.map((secret) => secret.base32);
const accounts = seeds.map((secret) => new TOTP({ secret }));
const rounds = {
  otplib: () => texts.map((secret) => generateSync({ secret, epoch: now })),
  otpauth: () => accounts.map((account) => account.generate({ timestamp: now * 1000 })),
};
for await (const _ of createInterface({ input: process.stdin })) {
  const start = process.hrtime.bigint();
  const codes = rounds[which]();
  process.stdout.write(`${process.hrtime.bigint() - start} ${codes.at(-1)}\n`);
}
