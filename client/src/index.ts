/** The bundle's one export. The edge appends the call: handbillClient.start({…}). */
export { start } from "./start";
