import { start } from "./start";

/** The bundle declares it; the edge appends the call: handbillClient.start({…}). */
declare let handbillClient: { start: typeof start };

handbillClient = { start };
