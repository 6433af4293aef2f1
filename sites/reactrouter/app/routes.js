import { index, route } from "@react-router/dev/routes";

export default [
  index("home.jsx"),
  route("orders", "orders.jsx"),
  route("about", "about.jsx"),
  route("release", "release.js"),
];
