import { point } from "./point";

/** The bundle declares it; the edge appends the call: handbillReference.point({…}). */
declare let handbillReference: { point: typeof point };

handbillReference = { point };
