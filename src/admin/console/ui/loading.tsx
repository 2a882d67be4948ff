import "./loading.css";

/** Where something is awaited for the first time; seen only by whoever has to wait. */
export const Loading = () => <p class="loading">Loading…</p>;
