// What the guide's API client takes for granted of the frontend around it: axios, here in a few lines over the
// browser's own fetch, and the address of the API, which a build writes into the page.
const send = async (method, url, body, { headers = {} } = {}) => {
  const type = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const answer = await fetch(url, { method, headers: { ...type, ...headers }, body: JSON.stringify(body) });
  const data = await answer.json();
  if (!answer.ok) {
    throw Object.assign(new Error(`status ${answer.status}`), { response: { status: answer.status, data } });
  }
  return { status: answer.status, data };
};

globalThis.axios = {
  get: (url, options) => send('GET', url, undefined, options),
  post: (url, body, options) => send('POST', url, body, options),
};
globalThis.loadClient = (api) => {
  globalThis.process = { env: { REACT_APP_API_URL: api } };
  return import('/api.js');
};
