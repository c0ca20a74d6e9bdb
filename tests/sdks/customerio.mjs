// Calls everything that customerio-node offers against the workspace named in the environment; prints answers as JSON.
import { createRequire } from "node:module";

const require = createRequire(process.env.MODULES + "/");
const sdk = require("customerio-node");
const { SITE, TRACK_KEY, APP_KEY, PIPELINES_KEY, URL: url } = process.env;

const track = new sdk.TrackClient(SITE, TRACK_KEY, { url: url + "/api/v1" });
const api = new sdk.APIClient(APP_KEY, { url: url + "/v1" });
const pipelines = new sdk.PipelinesClient(PIPELINES_KEY, { url: url + "/v1", strictMode: true });

async function until(ask, reached) {
  const end = Date.now() + 20_000;
  for (;;) {
    const answer = await ask().catch((error) => error);
    if (reached(answer)) return answer;
    if (Date.now() > end) throw new Error("nothing came of it: " + JSON.stringify(answer));
  }
}

const to = { identifiers: { id: "n1" }, transactional_message_id: "9", message_data: { order: "N1" } };
const answers = {};
const steps = {
  identify: () => track.identify("n1", { email: "n1@shop.example", first_name: "Ann" }),
  track: () => track.track("n1", { name: "purchase", data: { price: 3 } }),
  trackAnonymous: () => track.trackAnonymous("anon-n1", { name: "visit" }),
  known: () => track.identify("n1", { anonymous_id: "anon-n1" }),
  trackPageView: () => track.trackPageView("n1", "https://shop.example/"),
  addDevice: () => track.addDevice("n1", "token-n1", "ios", { last_used: 1700000000 }),
  addDevice2: () => track.addDevice("n1", "token-n2", "android"),
  deleteDevice: () => track.deleteDevice("n1", "token-n2"),
  identify2: () => track.identify("n2", { city: "Lisbon" }),
  mergeCustomers: () => track.mergeCustomers("id", "n1", "id", "n2"),
  identify3: () => track.identify("n3", { email: "n3@shop.example" }),
  suppress: () => track.suppress("n3"),
  unsuppress: () => track.unsuppress("n3"),
  identify4: () => track.identify("n4", { email: "n4@shop.example" }),
  destroy: () => track.destroy("n4"),
  batch: () =>
    track.batch([{ type: "person", action: "identify", identifiers: { id: "n5" }, attributes: { plan: "pro" } }]),
  sendEmail: () => api.sendEmail(new sdk.SendEmailRequest({ ...to, to: "n1@shop.example" })),
  sendPush: () => api.sendPush(new sdk.SendPushRequest(to)),
  sendSMS: () => api.sendSMS(new sdk.SendSMSRequest({ ...to, to: "+15550101" })),
  sendInboxMessage: () => api.sendInboxMessage(new sdk.SendInboxMessageRequest(to)),
  sendInApp: () => api.sendInApp(new sdk.SendInAppRequest(to)),
  trackPush: () => track.trackPush({ delivery_id: answers.sendPush.delivery_id, device_id: "token-n1", event: "opened" }),
  getCustomersByEmail: () => api.getCustomersByEmail("n1@shop.example"),
  getAttributes: () => api.getAttributes("n1@shop.example", "email"),
  triggerBroadcast: () => api.triggerBroadcast(5, { headline: "New" }, { ids: ["n1"] }),
  createCustomersExport: () => api.createCustomersExport({ attribute: { field: "id", operator: "eq", value: "n1" } }),
  downloadExport: () => until(() => api.downloadExport(answers.createCustomersExport.export.id), (it) => it.url),
  listExports: () => api.listExports(),
  getExport: () => api.getExport(answers.createCustomersExport.export.id),
  pipelinesIdentify: () => pipelines.identify({ userId: "n6", traits: { email: "n6@shop.example" } }),
  pipelinesTrack: () => pipelines.track({ userId: "n6", event: "purchase", properties: { price: 4 } }),
  pipelinesPage: () => pipelines.page({ userId: "n6", name: "Home" }),
  pipelinesScreen: () => pipelines.screen({ userId: "n6", name: "Start" }),
  pipelinesGroup: () => pipelines.group({ userId: "n6", groupId: "acme-n6", traits: { name: "Acme" } }),
  pipelinesBatch: () => pipelines.batch([{ type: "identify", userId: "n7", traits: { plan: "pro" } }]),
  wrongPerson: () => track.identify("x".repeat(151)),
  wrongSend: () => api.sendEmail(new sdk.SendEmailRequest({ ...to, to: "a@b.example", transactional_message_id: "404" })),
};

for (const [name, step] of Object.entries(steps)) {
  answers[name] = await step().catch((error) => ({ error: error.message, status: error.statusCode }));
}
console.log(JSON.stringify(answers));
