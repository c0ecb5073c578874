// The least a Worker in front of a site can do: what the others add is counted from here.

export default {
  fetch(request) {
    const { method, headers, body } = request;
    return fetch(request.url, { method, headers, body, redirect: "manual" });
  },
};
