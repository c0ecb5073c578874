// The cache of every contender: the data centre's is shared with others, here nobody has asked before.

export default {
  fetch(request) {
    if (request.method === "PUT") return new Response(null, { status: 204 });
    return new Response(null, { status: 504, headers: { "cf-cache-status": "MISS" } });
  },
};
