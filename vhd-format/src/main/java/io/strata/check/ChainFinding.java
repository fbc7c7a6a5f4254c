// SPDX-License-Identifier: Apache-2.0
package io.strata.check;

/// A finding in the chain of parents. Nothing of this is repaired here: the parent or the child
/// must be replaced or linked anew by someone who knows which is right.
public sealed interface ChainFinding extends Finding {

  /// The parent can not be had: missing, ambiguous, outside.
  record ParentRefused(Where where, String parent, String problem) implements ChainFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "the parent " + parent;
    }

    @Override
    public String found() {
      return problem;
    }
  }

  /// The parent is no valid VHD. Where the whole chain is checked, and the parent has a footer by
  /// which it is known, what is wrong with it is found in the parent itself instead.
  record ParentCorrupt(Where where, String parent, String problem) implements ChainFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "a valid parent " + parent;
    }

    @Override
    public String found() {
      return problem;
    }
  }

  /// The parent is another image than the one meant.
  record ParentMismatch(Where where, String parent, String foundUuid) implements ChainFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "the parent " + parent;
    }

    @Override
    public String found() {
      return "one with UUID " + foundUuid;
    }
  }

  /// The parent is larger than the child.
  record ParentLarger(Where where, String parent, long parentBytes, long childBytes)
      implements ChainFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "a parent of at most " + childBytes + " bytes";
    }

    @Override
    public String found() {
      return parentBytes + " bytes in " + parent;
    }
  }

  /// The parent was changed after the child was made over it.
  record ParentChanged(Where where, String parent, long recorded, long timestamp)
      implements ChainFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "the parent " + parent + " unchanged since timestamp " + recorded;
    }

    @Override
    public String found() {
      return "timestamp " + timestamp;
    }
  }

  /// The parent is said to be a raw disk.
  record ParentRaw(Where where) implements ChainFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "a parent that is a VHD, named by UUID";
    }

    @Override
    public String found() {
      return "a raw parent";
    }
  }

  /// An image depends on itself.
  record ChainLoops(Where where, String uuid) implements ChainFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "a chain in which each image comes once";
    }

    @Override
    public String found() {
      return uuid + " twice";
    }
  }

  /// More images than are ever opened.
  record ChainTooDeep(Where where, int most) implements ChainFinding {
    @Override
    public Severity severity() {
      return Severity.ERROR;
    }

    @Override
    public String expected() {
      return "a chain of at most " + most + " images";
    }

    @Override
    public String found() {
      return "more";
    }
  }

  /// Longer than other programs of the field accept.
  record ChainLong(Where where, int depth, int usual) implements ChainFinding {
    @Override
    public Severity severity() {
      return Severity.INFO;
    }

    @Override
    public String expected() {
      return "a chain of at most " + usual + " images, which other programs accept";
    }

    @Override
    public String found() {
      return depth + " images";
    }
  }
}
