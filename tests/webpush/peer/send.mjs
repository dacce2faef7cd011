// Sends one message by npm's web-push, as any application server would. JSON in, JSON out.

import { text } from 'node:stream/consumers'
import webpush from 'web-push'

const { subscription, payload } = JSON.parse(await text(process.stdin))
const { publicKey, privateKey } = webpush.generateVAPIDKeys()
const { statusCode } = await webpush.sendNotification(subscription, payload, {
  TTL: 60,
  urgency: 'high',
  contentEncoding: 'aes128gcm',
  vapidDetails: { subject: 'mailto:ops@example.com', publicKey, privateKey },
})
process.stdout.write(JSON.stringify({ status: statusCode }))
