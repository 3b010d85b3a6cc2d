/**
 * LangGraph 1: a graph of functions over a shared state, run step by step. No mailbox: graphs run
 * concurrently.
 */
import type { Setting } from "../benchmark.ts";
import { rivalModule } from "./rival.ts";

/** The state of the routed task's graph. */
export interface GraphState {
  readonly left: number;
  readonly answer: number;
}

interface Graph {
  addNode(name: string, run: (state: GraphState) => Partial<GraphState>): Graph;
  addEdge(from: string, to: string): Graph;
  compile(): { invoke(state: Partial<GraphState>): Promise<GraphState> };
}

interface LangGraph {
  readonly START: string;
  readonly END: string;
  readonly Annotation: { (): unknown; Root(fields: Record<string, unknown>): unknown };
  readonly StateGraph: new (state: unknown) => Graph;
}

/** A graph of two nodes, one after the other, as a function of its first state. */
export function twoNodes(
  setting: Setting,
  first: (state: GraphState) => Partial<GraphState>,
  second: (state: GraphState) => Partial<GraphState>,
): (state: Partial<GraphState>) => Promise<GraphState> {
  const { START, END, Annotation, StateGraph } = rivalModule<LangGraph>(
    "@langchain/langgraph",
    setting,
  );
  const state = Annotation.Root({ left: Annotation(), answer: Annotation() });
  const graph = new StateGraph(state)
    .addNode("router", first)
    .addNode("worker", second)
    .addEdge(START, "router")
    .addEdge("router", "worker")
    .addEdge("worker", END)
    .compile();
  return (start) => graph.invoke(start);
}
