// Searches, buys, lists, changes and releases numbers with the official clients. Argument: the line with which the
// simulator says where it listens.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const twilio = require('twilio');
const telnyxSdk = require('telnyx');
const where = JSON.parse(process.argv[2]);

/** The client's own, but for the address. */
class LocalClient extends twilio.RequestClient {
  request(options) {
    return super.request({ ...options, uri: options.uri.replace('https://api.twilio.com', `https://${where.twilio}`) });
  }
}

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail('nothing was refused');
}

async function twilioNumbers() {
  const client = twilio('AC00000000000000000000000000000001', 'a-token', { httpClient: new LocalClient() });

  const offers = await client.availablePhoneNumbers('US').local.list({ areaCode: 415, smsEnabled: true, limit: 4 });
  assert.equal(offers.length, 4);
  for (const offer of offers) {
    assert.match(offer.phoneNumber, /^\+141555501\d\d$/);
    assert.equal(offer.isoCountry, 'US');
    assert.equal(offer.region, 'CA');
    assert.equal(offer.capabilities.SMS, true);
  }
  const tollFree = await client.availablePhoneNumbers('US').tollFree.list({ limit: 1 });
  assert.match(tollFree[0].phoneNumber, /^\+18/);
  const mobile = await client.availablePhoneNumbers('GB').mobile.list({ limit: 1 });
  assert.match(mobile[0].phoneNumber, /^\+447700900\d{3}$/);
  assert.equal((await refusal(client.availablePhoneNumbers('FR').local.list())).code, 20404);

  const bought = await client.incomingPhoneNumbers.create({
    phoneNumber: offers[0].phoneNumber,
    friendlyName: 'Desk',
    voiceUrl: 'https://dialer.example.com/voice',
  });
  assert.match(bought.sid, /^PN[0-9a-f]{32}$/);
  assert.equal(bought.phoneNumber, offers[0].phoneNumber);
  assert.equal(bought.capabilities.voice, true);
  assert.equal(bought.friendlyName, 'Desk');
  assert.ok(bought.dateCreated instanceof Date && !Number.isNaN(bought.dateCreated.valueOf()));
  const gone = await refusal(client.incomingPhoneNumbers.create({ phoneNumber: offers[0].phoneNumber }));
  assert.equal(gone.code, 21422);
  assert.equal(gone.status, 400);
  for (const offer of offers.slice(1)) await client.incomingPhoneNumbers.create({ phoneNumber: offer.phoneNumber });

  const all = await client.incomingPhoneNumbers.list({ pageSize: 3 });
  assert.deepEqual(all.map((one) => one.phoneNumber).sort(), offers.map((one) => one.phoneNumber).sort());
  const [one] = await client.incomingPhoneNumbers.list({ phoneNumber: offers[0].phoneNumber });
  assert.equal(one.sid, bought.sid);

  const changed = await client.incomingPhoneNumbers(bought.sid).update({ voiceUrl: 'https://new.example.com/v' });
  assert.equal(changed.voiceUrl, 'https://new.example.com/v');
  assert.equal((await client.incomingPhoneNumbers(bought.sid).fetch()).voiceUrl, 'https://new.example.com/v');
  assert.equal(await client.incomingPhoneNumbers(bought.sid).remove(), true);
  assert.equal((await refusal(client.incomingPhoneNumbers(bought.sid).fetch())).code, 20404);
  assert.equal((await client.incomingPhoneNumbers.list()).length, 3);
}

async function telnyxNumbers() {
  const client = telnyxSdk('KEY1');
  const [host, port] = where.telnyx.split(':');
  client.setHost(host, port, 'https');

  const search = {
    filter: { country_code: 'US', national_destination_code: '212', features: ['voice', 'sms'], limit: 3 },
  };
  const { data: offers } = await client.availablePhoneNumbers.list(search);
  assert.equal(offers.length, 3);
  for (const offer of offers) {
    assert.match(offer.phone_number, /^\+121255501\d\d$/);
    assert.ok(offer.features.some((feature) => feature.name === 'sms'));
  }

  const unsearched = await refusal(client.numberOrders.create({ phone_numbers: [{ phone_number: '+14155550100' }] }));
  assert.equal(unsearched.raw.errors[0].code, '85000');
  const { data: order } = await client.numberOrders.create({
    phone_numbers: [{ phone_number: offers[0].phone_number }],
    connection_id: '1494404757140276705',
    customer_reference: 'phn_1',
  });
  assert.equal(order.status, 'pending');
  let status = order.status;
  for (let tries = 0; status === 'pending' && tries < 500; ++tries) {
    status = (await client.numberOrders.retrieve(order.id)).data.status;
  }
  assert.equal(status, 'success');
  const { data: orders } = await client.numberOrders.list({ filter: { customer_reference: 'phn_1' } });
  assert.deepEqual(orders.map((one) => one.id), [order.id]);

  const { data: held } = await client.phoneNumbers.list({ filter: { phone_number: offers[0].phone_number.slice(1) } });
  assert.equal(held.length, 1);
  assert.equal(held[0].status, 'active');
  assert.equal(held[0].connection_id, '1494404757140276705');
  const { data: changed } = await client.phoneNumbers.update(held[0].id, { customer_reference: 'desk', tags: ['a'] });
  assert.equal(changed.customer_reference, 'desk');
  assert.deepEqual(changed.tags, ['a']);
  const { data: one } = await client.phoneNumbers.retrieve(held[0].id);
  assert.equal(one.phone_number, offers[0].phone_number);
  const { data: deleted } = await one.del(); // phoneNumbers.del(id) of this version takes no id
  assert.equal(deleted.status, 'deleted');
  assert.equal((await client.phoneNumbers.list()).data.length, 0);
}

await twilioNumbers();
await telnyxNumbers();
console.log('the official clients and the simulator agree about numbers');
