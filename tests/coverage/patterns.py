"""The workflow patterns of van der Aalst, ter Hofstede, Kiepuszewski and Barros (1 to 20, 2003), and the further
ones, 21 to 43 (Russell, ter Hofstede, van der Aalst, Mulyar, 2006): each with an example, or why there is none.

Not here: single elements (events.py, boundaries.py, activities.py)."""

from __future__ import annotations

from tests.coverage.example import Example, Refused, Row, Said

FIRST: list[Row] = [
    Example(
        "wcp_01_sequence",
        "1 Sequence",
        "start -> a -> b -> done",
        "start a b done",
        "a b",
        "10.3, 8.3.13",
    ),
    Example(
        "wcp_02_parallel_split",
        "2 Parallel Split",
        """
        start -> and -> a -> done
        and -> b -> done_b
        """,
        "start and b done_b a done",
        "b a",
        "10.6.4",
    ),
    Example(
        "wcp_03_synchronization",
        "3 Synchronization",
        """
        start -> and -> a -> and_2 -> done
        and -> b -> and_2
        """,
        "start and b a and_2 done",
        "b a",
        "10.6.4",
    ),
    Example(
        "wcp_04_exclusive_choice",
        "4 Exclusive Choice",
        """
        start -> xor
        xor -[${n > 1}]-> a -> done
        xor -[${n > 0}]-> b -> done_b
        xor => c -> done_c
        """,
        "start xor b done_b",
        "b",
        "10.6.2",
        {"n": 1},
    ),
    Example(
        "wcp_05_simple_merge",
        "5 Simple Merge",
        """
        start -> xor
        xor -[${yes}]-> a -> xor_2 -> c -> done
        xor => b -> xor_2
        """,
        "start xor a xor_2 c done",
        "a c",
        "10.6.2",
        {"yes": True},
    ),
    Example(
        "wcp_06_multi_choice",
        "6 Multi-Choice",
        """
        start -> or
        or -[${n > 0}]-> a -> done
        or -[${n > 1}]-> b -> done_b
        or -[${n > 2}]-> c -> done_c
        or => d -> done_d
        """,
        "start or (a done | b done_b)",
        "b a",
        "10.6.3",
        {"n": 2},
    ),
    Example(
        "wcp_07_structured_synchronizing_merge",
        "7 Structured Synchronizing Merge",
        """
        start -> or
        or -[${n > 0}]-> a -> or_2 -> d -> done
        or -[${n > 1}]-> b -> or_2
        or => c -> or_2
        """,
        "start or b a or_2 d done",
        "b a d",
        "10.6.3, 13.4.3",
        {"n": 2},
    ),
    Example(
        "wcp_08_multi_merge",
        "8 Multi-Merge",
        """
        start -> and -> a -> xor -> c -> done
        and -> b -> xor
        """,
        "start and a xor b xor c done c done",
        "a b c c",
        "10.6.2",
    ),
    Example(
        "wcp_09_structured_discriminator",
        "9 Structured Discriminator",
        """
        start -> and -> a -> complex -> d -> done
        and -> b -> complex
        and -> c -> complex
        complex: complex activate="${activationCount == 1}"
        """,
        "start and b complex a d done c",
        "b a d c",
        "10.6.5, 13.4.5",
        note="the later tokens are taken without a trace",
    ),
    Example(
        "wcp_10_arbitrary_cycles",
        "10 Arbitrary Cycles",
        """
        start -> xor -> a -> xor_2 -> b -> xor_3
        xor_3 -[${back == 1}]-> xor
        xor_3 -[${back == 2}]-> xor_2
        xor_3 => done
        """,
        "start xor a xor_2 b xor_3 xor_2 b xor_3 xor a xor_2 b xor_3 done",
        "a b(back=2) b(back=1) a b(back=0)",
        "10.6.2",
    ),
    Example(
        "wcp_11_implicit_termination",
        "11 Implicit Termination",
        """
        start -> and -> a -> done
        and -> b -> c -> done_c
        """,
        "start and a done b c done_c",
        "a b c",
        "13.5.6",
    ),
    Example(
        "wcp_12_instances_without_synchronization",
        "12 Multiple Instances without Synchronization",
        """
        start -> xor -> and -> a -> done_a
        and -> b -> xor_2
        xor_2 -[${more}]-> xor
        xor_2 => done
        """,
        "start xor and b xor_2 xor and b xor_2 done a done_a a done_a",
        "b(more=true) b(more=false) a a",
        "10.6.4",
    ),
    Example(
        "wcp_13_instances_known_at_design_time",
        "13 Multiple Instances with a Priori Design-Time Knowledge",
        """
        start -> a -> done
        a: user times=3
        """,
        "start a a a a/all done",
        "a#2 a#0 a",
        "10.3.8, 13.3.7",
    ),
    Example(
        "wcp_14_instances_known_at_run_time",
        "14 Multiple Instances with a Priori Run-Time Knowledge",
        """
        start -> a -> b -> done
        b: user each=people:person
        """,
        "start a b b b/all done",
        "a b b",
        "10.3.8, 13.3.7",
        {"people": ["ann", "ben"]},
    ),
    Example(
        "wcp_15_instances_not_known_before",
        "15 Multiple Instances without a Priori Run-Time Knowledge",
        """
        start -> work -> done
        work: adhoc complete="${enough}" {
            a: user
        }
        """,
        "start a a a work done",
        "a(enough=false) a(enough=false) a(enough=true)",
        "10.3.5, 13.3.5",
        {"enough": False},
        note="one more as long as people choose to; the standard's multi-instance activity cannot grow",
    ),
    Example(
        "wcp_16_deferred_choice",
        "16 Deferred Choice",
        """
        start -> which -> came -> a -> done
        which -> late -> b -> done_b
        came: catch message=m
        late: catch timer=P1D
        """,
        "start which late b done_b",
        "late b",
        "10.6.6, 13.4.4",
    ),
    Example(
        "wcp_17_interleaved_parallel_routing",
        "17 Interleaved Parallel Routing",
        """
        start -> work -> done
        work: adhoc ordering=Sequential complete="${a_done && c_done}" {
            a -> b
            c: user
        }
        """,
        "start a c× b c a× work done",
        "a(a_done=true) b c(c_done=true)",
        "10.3.5, 13.3.5",
        {"a_done": False, "c_done": False},
        note="a before b, c before or after both, never two at once; what is not offered meanwhile is shown as c×",
    ),
    Example(
        "wcp_18_milestone",
        "18 Milestone",
        """
        start -> and -> a -> which
        which -> reached -> c -> done
        which -> over -> done_over
        and -> b -> tell -> d -> tell_over -> done_b
        reached: catch signal=open
        over: catch signal=closed
        tell: throw signal=open
        tell_over: throw signal=closed
        """,
        "start and a b !open tell which reached d !closed tell_over done_b c done",
        "a b d c",
        "10.5.5",
        note="a condition (events conditional) does as well; c can begin from b to d only",
    ),
    Example(
        "wcp_19_cancel_activity",
        "19 Cancel Activity",
        """
        start -> a -> done
        off: on a message=m
        off -> done_off
        """,
        "start a× off done_off",
        "off",
        "10.5.4, 13.5.3",
    ),
    Example(
        "wcp_20_cancel_case",
        "20 Cancel Case",
        """
        start -> and -> a -> done
        and -> b -> stop
        stop: end terminate
        """,
        "start and b a× stop",
        "b",
        "10.5.3, 13.5.6",
        outcome="terminated",
    ),
]

FURTHER: list[Row] = [
    Example(
        "wcp_21_structured_loop",
        "21 Structured Loop",
        """
        start -> a -> done
        a: user again="${more}"
        """,
        "start a a a/all done",
        "a(more=true) a(more=false)",
        "10.3.8, 13.3.6",
    ),
    Example(
        "wcp_22_recursion",
        "22 Recursion",
        """
        start -> down -> done
        down: call process=q give=n
        process q {
            start_q -> xor
            xor -[${n > 0}]-> deeper -> done_q
            xor => bottom -> done_bottom
            deeper: call process=q in.n="${n - 1}" give=n
            bottom: service topic=work
        }
        """,
        "start start_q xor start_q xor start_q xor bottom done_bottom deeper done_q deeper done_q down done",
        given={"n": 2},
        section="10.3.6, 13.3.4",
    ),
    Example(
        "wcp_23_transient_trigger",
        "23 Transient Trigger",
        """
        start -> and -> a -> tell -> done
        and -> b -> hear -> done_b
        tell: throw signal=s
        hear: catch signal=s
        """,
        "start and a !s tell done b",
        "a b",
        "10.5.5",
        outcome="stands at hear",
        note="a signal that nobody waits for is gone",
    ),
    Said(
        "wcp_24",
        "24 Persistent Trigger",
        "Supported: a message that comes before anybody waits is kept for a settable time "
        "([processes](processes.md)); the house keeps it, not the engine, so its tests are in tests/commands.",
        "10.5.5",
    ),
    Example(
        "wcp_25_cancel_region",
        "25 Cancel Region",
        """
        start -> box -> done
        box: sub {
            start_box -> and -> a -> done_box
            and -> b -> done_box_b
        }
        off: on box message=m
        off -> done_off
        """,
        "start start_box and (a× | b×) box× off done_off",
        "off",
        "10.5.4, 13.5.3",
        note="a region that is a subprocess; another is not expressible in BPMN",
    ),
    Example(
        "wcp_26_cancel_multiple_instance_activity",
        "26 Cancel Multiple Instance Activity",
        """
        start -> a -> done
        a: user times=3
        off: on a message=m
        off -> done_off
        """,
        "start a a× a× a/all× off done_off",
        "a off",
        "10.5.4, 13.3.7",
    ),
    Said(
        "wcp_27",
        "27 Complete Multiple Instance Activity",
        "Not expressible in BPMN: from outside a multi-instance activity can only be cancelled; its "
        "completionCondition is asked when an instance completes (35).",
        "13.3.7",
    ),
    Example(
        "wcp_28_blocking_discriminator",
        "28 Blocking Discriminator",
        """
        start -> and -> xor -> and_2 -> a -> complex -> c -> done
        and -> again -> xor
        and_2 -> b -> complex
        complex: complex activate="${activationCount == 1}"
        """,
        "start and xor and_2 a complex c done again xor and_2 a b complex c done b",
        "a c again a b c b",
        "10.6.5, 13.4.5",
        note="the second a is held until the b of the first round has come",
    ),
    Example(
        "wcp_29_cancelling_discriminator",
        "29 Cancelling Discriminator",
        """
        start -> box -> c -> done
        box: sub {
            start_box -> and -> a -> stop
            and -> b -> stop
            stop: end terminate
        }
        """,
        "start start_box and b a× stop box c done",
        "b c",
        "10.5.3, 13.5.6",
    ),
    Example(
        "wcp_30_structured_partial_join",
        "30 Structured Partial Join",
        """
        start -> and -> a -> complex -> after -> done
        and -> b -> complex
        and -> c -> complex
        complex: complex activate="${activationCount >= 2}"
        """,
        "start and c a complex after done b",
        "c a after b",
        "10.6.5, 13.4.5",
    ),
    Example(
        "wcp_31_blocking_partial_join",
        "31 Blocking Partial Join",
        """
        start -> and -> xor -> and_2 -> a -> complex -> after -> done
        and -> again -> xor
        and_2 -> b -> complex
        and_2 -> c -> complex
        complex: complex activate="${activationCount >= 2}"
        """,
        "start and xor and_2 a b complex after done again xor and_2 a b c complex after done c",
        "a b after again a b c after c",
        "10.6.5, 13.4.5",
    ),
    Example(
        "wcp_32_cancelling_partial_join",
        "32 Cancelling Partial Join",
        """
        start -> box -> after -> done
        box: sub {
            start_box -> and -> a -> complex -> stop
            and -> b -> complex
            and -> c -> complex
            complex: complex activate="${activationCount >= 2}"
            stop: end terminate
        }
        """,
        "start start_box and a c complex b× stop box after done",
        "a c after",
        "10.6.5, 13.5.6",
    ),
    Example(
        "wcp_33_generalised_and_join",
        "33 Generalised AND-Join",
        """
        start -> and -> a -> xor -> and_2 -> after -> done
        and -> b -> xor
        and -> c -> xor_2 -> and_2
        and -> e -> xor_2
        """,
        "start and a xor b xor c xor_2 and_2 e xor_2 and_2 after done after done",
        "a b c e after after",
        "10.6.4, 13.4.1",
        note="a token that comes a second time by the same flow waits for the next round",
    ),
    Refused(
        "wcp_34_static_partial_join_for_multiple_instances",
        "34 Static Partial Join for Multiple Instances",
        """
        start -> a -> done
        a: user times=3 behavior=Complex
        """,
        "loop",
        "13.3.7",
        note='needs behavior="Complex"; after the first or after each instance it runs (behavior One and None)',
    ),
    Example(
        "wcp_35_cancelling_partial_join_for_multiple_instances",
        "35 Cancelling Partial Join for Multiple Instances",
        """
        start -> a -> done
        a: user times=3 until="${nrOfCompletedInstances == 2}"
        """,
        "start a a a× a/all done",
        "a a",
        "13.3.7",
    ),
    Said(
        "wcp_36",
        "36 Dynamic Partial Join for Multiple Instances",
        "Not expressible in BPMN: the number of instances is fixed when the activity begins. In an ad-hoc "
        "subprocess people add more and a condition ends it (15).",
        "13.3.7",
    ),
    Example(
        "wcp_37_acyclic_synchronizing_merge",
        "37 Acyclic (Local) Synchronizing Merge",
        """
        start -> and -> a -> or -> after -> done
        and -> b -> xor
        xor -[${on}]-> or
        xor => done_early
        """,
        "start and a b xor (done_early | or after done)",
        "a b(on=false) after",
        "10.6.3, 13.4.3",
        note="the join no longer waits once the other path has gone elsewhere",
    ),
    Example(
        "wcp_38_general_synchronizing_merge",
        "38 General Synchronizing Merge",
        """
        start -> xor -> or -> a -> or_2 -> xor_2
        or -[${wide}]-> b -> or_2
        xor_2 -[${more}]-> xor
        xor_2 => done
        """,
        "start xor or b a or_2 xor_2 xor or a or_2 xor_2 done",
        "b a(more=true,wide=false) a(more=false)",
        "10.6.3, 13.4.3",
        {"wide": True},
        note="inside a loop, a round at a time",
    ),
    Said(
        "wcp_39",
        "39 Critical Section",
        "Not expressible in BPMN: no element excludes another, but for those of one ad-hoc subprocess with "
        "ordering Sequential (17, 40).",
        "10.3.5",
    ),
    Example(
        "wcp_40_interleaved_routing",
        "40 Interleaved Routing",
        """
        start -> work -> done
        work: adhoc ordering=Sequential complete="${count == 2}" {
            a: user
            b: user
        }
        """,
        "start b a b× work done",
        "b(count=1) a(count=2)",
        "10.3.5, 13.3.5",
        {"count": 0},
    ),
    Refused(
        "wcp_41_thread_merge",
        "41 Thread Merge",
        """
        start -> a -> done
        a: user quantity=2
        """,
        "element_allowed",
        "13.3.2",
        note="startQuantity other than 1",
    ),
    Refused(
        "wcp_42_thread_split",
        "42 Thread Split",
        """
        start -> a -> done
        a: user produces=2
        """,
        "element_allowed",
        "13.3.2",
        note="completionQuantity other than 1; an implicit split gives as many threads as flows are drawn",
    ),
    Example(
        "wcp_43_explicit_termination",
        "43 Explicit Termination",
        """
        start -> and -> a -> stop
        and -> b -> done
        stop: end terminate
        """,
        "start and a b× stop",
        "a",
        "10.5.3, 13.5.6",
        outcome="terminated",
    ),
]
