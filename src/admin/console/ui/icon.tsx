/** Drawn on a grid of 20 × 20, in lines of 1.5. */
const shapes = {
  vault:
    "M3 4.5h14v11H3zM5.5 15.5V17M14.5 15.5V17M10 7v1.2M10 11.8V13M7 10h1.2M11.8 10H13M10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  endpoints: "M3.5 4h13v4.5h-13zM3.5 11.5h13V16h-13zM6 6.25h.01M6 13.75h.01M9 6.25h5M9 13.75h5",
  live: "M2.5 10.5h3l2.5-6 4 11 2.5-5h3",
  playground: "M4 4.5h12v8.5H9.5L6 16v-3H4zM7 7.5h6M7 10h4",
  settings: "M3 6h8M15 6h2M13 4v4M3 14h2M9 14h8M7 12v4",
  menu: "M3 5.5h14M3 10h14M3 14.5h14",
  close: "M5 5l10 10M15 5L5 15",
  copy: "M7 7h9v9H7zM13 7V4H4v9h3",
  check: "M4 10.5l4 4 8-9",
  eye: "M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zM10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  "eye-off":
    "M8 5.2A8 8 0 0 1 10 5c5 0 8 5 8 5a14 14 0 0 1-2.3 2.7M5 6.5A13 13 0 0 0 2 10s3 5 8 5a8 8 0 0 0 3.6-.9M3 3l14 14",
  down: "M5 8l5 5 5-5",
  more: "M5.2 10a.7.7 0 1 1-1.4 0 .7.7 0 0 1 1.4 0zM10.7 10a.7.7 0 1 1-1.4 0 .7.7 0 0 1 1.4 0zM16.2 10a.7.7 0 1 1-1.4 0 .7.7 0 0 1 1.4 0z",
  plus: "M10 4v12M4 10h12",
  sun: "M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M4.3 15.7l1.1-1.1M14.6 5.4l1.1-1.1",
  moon: "M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7z",
  leave: "M12 4H4.5v12H12M9 10h8M14 7l3 3-3 3",
  upload: "M10 13V4M6 7.5l4-4 4 4M4 16.5h12",
  rotate: "M16 10a6 6 0 1 1-1.8-4.3M16 3v3.2h-3.2",
  edit: "M4 16l.7-3.2L13 4.5l2.5 2.5-8.3 8.3z",
  trash: "M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6",
  warn: "M10 3.5l7.5 13h-15zM10 8.5v3.5M10 14.3h.01",
  info: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 9v4.5M10 6.5h.01",
  stop: "M5.5 5.5h9v9h-9z",
  send: "M10 16V4M5 9l5-5 5 5",
  filter: "M3 5h14l-5.5 6.5V16l-3-1.5v-3z",
  key: "M12.5 11a3.5 3.5 0 1 0-3.3-2.4L3.5 14.3v2.2h2.7v-1.8h1.8v-1.8h1.4l1-1.1a3.5 3.5 0 0 0 2.1.2z",
} as const;

export type IconName = keyof typeof shapes;

/** A drawing beside words, or in a button that says its words to those who do not see it. */
export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
    <path
      d={shapes[name]}
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  </svg>
);
