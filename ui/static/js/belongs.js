// A link from another site comes without the session's cookies, so this visitor may be logged in after all.
import { csrf, renew } from "./http.js";

if (csrf()) renew().then((goesOn) => { if (goesOn) location.replace(location.href); }, () => {});
