import fc from "fast-check";
import t from "tap";
import {
  checkedClusterName,
  clientOf,
  egressSubject,
  frameSubject,
  ingressSubject,
  pinnedIngressSubject,
  senderOf,
  tokenOf,
  topicSubject,
} from "../../../cluster/wire/node-subject.ts";

t.test("subjects", async (t) => {
  t.test("J1: name their sender", async (t) => {
    t.equal(frameSubject("c", "n2", "n1"), "troupe.v1.c.n.n2.n1");
    t.equal(senderOf(frameSubject("c", "n2", "n1")), "n1");
    t.equal(senderOf(topicSubject("c", "cfp.x@1", "n1")), "n1");
    t.equal(senderOf(egressSubject("c", "client", "g")), "g");
    t.equal(clientOf(ingressSubject("c", "client", "client")), "client");
    t.equal(clientOf(pinnedIngressSubject("c", "operator", "client", "g")), "client");
  });

  t.test("any topic is one token, and no two topics are the same one", async (t) => {
    t.equal(tokenOf("cfp.summarise@1 é"), "cfp=2e=summarise@1=20==e9=");
    fc.assert(fc.property(fc.string({ minLength: 1 }), (text) => !/[\s.*>]/.test(tokenOf(text))));
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => a === b || tokenOf(a) !== tokenOf(b)),
    );
  });

  t.test("a cluster's name is checked", async (t) => {
    t.equal(checkedClusterName("prod-1"), "prod-1");
    for (const bad of ["", "a.b", "a_b", "a b", "*", "x".repeat(65)])
      t.throws(() => checkedClusterName(bad), TypeError);
  });
});
