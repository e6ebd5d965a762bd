package leat.compat.kcl;

/** How the workers of a run get records. */
public enum Retrieval {
  POLLING,
  FAN_OUT,
  /** Every other worker in the other way, so that each goes on from the other's checkpoints. */
  MIXED;

  boolean fanOut(int worker) {
    return this == FAN_OUT || this == MIXED && worker % 2 == 1;
  }
}
