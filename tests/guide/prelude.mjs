// What the guide's snippets take for granted of a browser and of the frontend around them, as globals.
import axios from 'axios';

const given = JSON.parse(process.env.GIVEN);
const stored = new Map();
const cardElement = { element: 'card' };
const confirmations = []; // what the payment snippet handed to Stripe

if (given.bearer) {
  axios.defaults.headers.common.Authorization = `Bearer ${given.bearer}`;
}

const localStorage = {
  getItem: (name) => stored.get(name) ?? null,
  setItem: (name, text) => void stored.set(name, String(text)),
};

// Stripe's own script comes from Stripe's address alone, so this one stands in: it pays at the local sandbox.
const loadStripe = async (publicKey) => ({
  confirmCardPayment: async (clientSecret, choice) => {
    confirmations.push({ publicKey, clientSecret, card: choice.payment_method.card });
    const [intent] = clientSecret.split('_secret_');
    const answer = await fetch(`${given.sandbox}/v1/payment_intents/${intent}/confirm`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${given.sandboxKey}` },
      body: new URLSearchParams({ payment_method: 'pm_card_visa' }),
    });
    const paymentIntent = await answer.json();
    return answer.ok ? { paymentIntent } : { error: paymentIntent.error };
  },
});

const globals = {
  axios,
  given,
  localStorage,
  loadStripe,
  cardElement,
  confirmations,
  API_BASE: process.env.REACT_APP_API_URL,
  STRIPE_PUBLIC_KEY: 'pk_test_guide',
};
for (const [name, value] of Object.entries(globals)) {
  // Not by assignment: later releases of Node have a localStorage of their own that cannot be assigned.
  Object.defineProperty(globalThis, name, { value, configurable: true });
}
