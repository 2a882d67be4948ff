import icon from "../icon.svg";

/** The product's sign and name. */
export const Mark = () => (
  <span class="mark">
    <img src={icon} alt="" width="28" height="28" />
    <span>Postern</span>
  </span>
);
