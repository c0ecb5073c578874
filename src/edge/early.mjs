// Put inline before the page script where the page's policy lets it: keeps what breaks before that script is there.

export const EARLY =
  '(w=>{if(w.__halftone)return;let q=w.__halftone=[];for(let n of["error","unhandledrejection"])addEventListener(n,e=>q.length<50&&q.push(e),true)})(window)';
