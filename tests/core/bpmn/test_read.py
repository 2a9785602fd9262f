"""A file is read as it stands: names, lanes, triggers, parameters, people, with their places."""

import hashlib
import re

from runtime.bpmn import read
from runtime.bpmn.model import DataMapping
from tests.core.bpmn.office import FOLDER, problems_in

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:operaton="http://operaton.org/schema/1.0/bpmn">'
)


def diagram(body, definitions=""):
    text = f'{HEAD}\n{definitions}<process id="p" isExecutable="true">\n{body}</process></definitions>'
    found, problems = read.diagram(text.encode(), "p.bpmn")
    assert problems == []
    return found


def node(body, definitions=""):
    (only,) = (n for n in diagram(body, definitions).processes["p"].scope.nodes.values() if n.id == "n")
    return only


def test_a_diagram_is_known_by_the_hash_of_its_bytes():
    text = f'{HEAD}<process id="p" isExecutable="true" /></definitions>'.encode()
    assert read.diagram(text, "p.bpmn")[0].sha256 == hashlib.sha256(text).hexdigest()


def test_a_name_is_simplified_chinese_and_the_others_stand_beside_it():
    found = node(
        '<userTask id="n" name="审核&#10;计划"><extensionElements><camunda:properties>'
        '<camunda:property name="name_en" value="Review" /><camunda:property name="name_zh_hant" value="審核" />'
        '<camunda:property name="clause" value="三(一)2" />'
        "</camunda:properties></extensionElements></userTask>"
    )
    assert found.names == {"zh_Hans": "审核 计划", "en": "Review", "zh_Hant": "審核"}
    assert found.properties["clause"] == "三(一)2"


def test_attributes_of_operaton_are_camundas():
    assert node('<userTask id="n" operaton:assignee="ana" />').attributes == {"assignee": "ana"}


def test_a_place_is_where_the_tag_begins():
    found = node('  <userTask\n      id="n"\n      name="x" />')
    assert (found.line, found.column) == (3, 3)


def test_flows_are_taken_in_the_order_of_the_file():
    body = (
        '<exclusiveGateway id="n" default="b"><outgoing>c</outgoing><outgoing>a</outgoing></exclusiveGateway>'
        '<endEvent id="e" /><sequenceFlow id="a" sourceRef="n" targetRef="e"><conditionExpression>${x}'
        '</conditionExpression></sequenceFlow><sequenceFlow id="b" sourceRef="n" targetRef="e" />'
        '<sequenceFlow id="c" sourceRef="n" targetRef="e"><conditionExpression language="feel">=y'
        "</conditionExpression></sequenceFlow>"
    )
    scope = diagram(body).processes["p"].scope
    assert scope.nodes["n"].outgoing == ("a", "b", "c")
    assert scope.nodes["n"].default == "b"
    assert scope.nodes["e"].incoming == ("a", "b", "c")
    assert scope.flows["a"].condition == "${x}"
    assert scope.flows["b"].condition is None
    assert scope.flows["c"].language == "feel"


def test_the_innermost_lane_wins_and_reaches_into_a_subprocess():
    body = (
        '<laneSet id="s"><lane id="outer" name="部门"><flowNodeRef>n</flowNodeRef><flowNodeRef>other</flowNodeRef>'
        '<childLaneSet id="c"><lane id="inner" name="采购"><extensionElements><camunda:properties>'
        '<camunda:property name="group" value="purchasing" /></camunda:properties></extensionElements>'
        "<flowNodeRef>n</flowNodeRef></lane></childLaneSet></lane></laneSet>"
        '<subProcess id="n"><userTask id="inside" /></subProcess><userTask id="other" />'
    )
    process = diagram(body).processes["p"]
    assert process.scope.nodes["n"].lane == "inner"
    assert process.scope.nodes["n"].scope.nodes["inside"].lane == "inner"
    assert process.scope.nodes["other"].lane == "outer"
    assert process.lanes["inner"].group == "purchasing"
    assert process.lanes["outer"].group == "部门"


def test_parameters_hold_text_lists_and_maps():
    found = node(
        '<serviceTask id="n"><extensionElements><camunda:inputOutput>'
        '<camunda:inputParameter name="a">${x}</camunda:inputParameter>'
        '<camunda:inputParameter name="b"><camunda:list><camunda:value>1</camunda:value>'
        "<camunda:value>${y}</camunda:value></camunda:list></camunda:inputParameter>"
        '<camunda:outputParameter name="c"><camunda:map><camunda:entry key="k">v</camunda:entry>'
        '<camunda:entry key="l"><camunda:list><camunda:map><camunda:entry key="m">2</camunda:entry>'
        "</camunda:map></camunda:list></camunda:entry></camunda:map></camunda:outputParameter>"
        "</camunda:inputOutput></extensionElements></serviceTask>"
    )
    assert {parameter.name: parameter.value for parameter in found.inputs} == {"a": "${x}", "b": ["1", "${y}"]}
    assert found.outputs[0].value == {"k": "v", "l": [{"m": "2"}]}


def test_a_call_says_what_goes_in_and_out():
    found = node(
        '<callActivity id="n" calledElement="other"><extensionElements>'
        '<camunda:in variables="all" /><camunda:in businessKey="${business_key}" />'
        '<camunda:in sourceExpression="${a + 1}" target="b" local="true" />'
        '<camunda:out source="x" target="y" /></extensionElements></callActivity>'
    )
    assert found.called == "other"
    everything, key, one = found.mappings_in
    assert everything.all
    assert key.business_key == "${business_key}"
    assert (one.source_expression, one.target, one.local) == ("${a + 1}", "b", True)
    assert found.mappings_out == (DataMapping(source="x", target="y", line=3),)


def test_a_loop_is_read_in_camundas_words_and_in_the_standards():
    camunda = node(
        '<userTask id="n"><multiInstanceLoopCharacteristics isSequential="true" camunda:collection="${items}" '
        'camunda:elementVariable="item"><completionCondition>${done}</completionCondition>'
        "</multiInstanceLoopCharacteristics></userTask>"
    ).loop
    standard = node(
        '<userTask id="n"><multiInstanceLoopCharacteristics><loopDataInputRef>items</loopDataInputRef>'
        '<inputDataItem id="x" name="item" /><loopDataOutputRef>results</loopDataOutputRef>'
        '<outputDataItem id="y" name="result" /></multiInstanceLoopCharacteristics></userTask>'
    ).loop
    assert (camunda.sequential, camunda.collection, camunda.element_variable) == (True, "${items}", "item")
    assert camunda.completion_condition == "${done}"
    assert (standard.sequential, standard.collection, standard.element_variable) == (False, "items", "item")
    assert (standard.output_collection, standard.output_item) == ("results", "result")


def test_triggers_know_their_message_error_and_time():
    definitions = '<message id="m" name="arrived" /><error id="e" name="缺货" errorCode="out_of_stock" />'
    message = node(
        '<intermediateCatchEvent id="n"><extensionElements><camunda:properties><camunda:property '
        'name="correlation_key" value="${order}" /></camunda:properties></extensionElements>'
        '<messageEventDefinition messageRef="m" /></intermediateCatchEvent>',
        definitions,
    ).trigger
    assert (message.kind, message.ref, message.name, message.correlation_key) == (
        "message",
        "m",
        "arrived",
        "${order}",
    )
    boundary = node(
        '<boundaryEvent id="n" attachedToRef="t" cancelActivity="false"><errorEventDefinition errorRef="e" '
        'camunda:errorCodeVariable="code" camunda:errorMessageVariable="why" /></boundaryEvent>',
        definitions,
    )
    assert not boundary.interrupting
    assert boundary.attached_to == "t"
    assert (boundary.trigger.code, boundary.trigger.code_variable, boundary.trigger.message_variable) == (
        "out_of_stock",
        "code",
        "why",
    )
    timer = node(
        '<startEvent id="n"><timerEventDefinition><timeCycle>0 0 9 * * ?</timeCycle></timerEventDefinition>'
        "</startEvent>"
    ).trigger
    assert (timer.kind, timer.cycle, timer.date, timer.duration) == ("timer", "0 0 9 * * ?", "", "")
    assert node('<receiveTask id="n" messageRef="m" />', definitions).trigger.name == "arrived"
    assert node('<endEvent id="n"><terminateEventDefinition /></endEvent>').trigger.kind == "terminate"
    assert node('<endEvent id="n" />').trigger.kind == "none"
    assert node('<userTask id="n" />').trigger is None


def test_the_standards_people_are_read_as_camunda_reads_them():
    found = node(
        '<userTask id="n"><humanPerformer><resourceAssignmentExpression><formalExpression>ana'
        "</formalExpression></resourceAssignmentExpression></humanPerformer><potentialOwner>"
        "<resourceAssignmentExpression><formalExpression>user(ben), group(buyers), clerks</formalExpression>"
        "</resourceAssignmentExpression></potentialOwner></userTask>"
    )
    assert found.attributes == {
        "assignee": "ana",
        "candidateUsers": "ben",
        "candidateGroups": "buyers,clerks",
    }


def test_a_form_key_of_the_modeler_is_a_form_reference():
    found = node('<userTask id="n" camunda:formKey="camunda-forms:deployment:forms/plan.form" />')
    assert found.attributes["formRef"] == "plan"


def test_only_executable_processes_are_taken():
    text = (
        f'{HEAD}<process id="a" isExecutable="true" /><process id="b" isExecutable="false" />'
        '<process id="c" /></definitions>'
    )
    assert list(read.diagram(text.encode(), "x.bpmn")[0].processes) == ["a"]


def test_what_is_no_bpmn_is_said_with_its_place():
    for text, rule in (
        ("<html><body/></html>", "not_bpmn"),
        ('<definitions xmlns="http://example.org"/>', "not_bpmn"),
        ("<definitions", "xml.not_well_formed"),
        ("", "xml.not_well_formed"),
    ):
        found, (problem,) = read.diagram(text.encode(), "x.bpmn")
        assert found is None
        assert (problem.rule, problem.file, problem.line) == (rule, "x.bpmn", 1)


# --- the whole executable class, as Camunda Modeler writes it ------------------------


def test_signals_carry_what_their_definition_says():
    definitions = '<signal id="s" name="closed-${order}" />'
    for prefix in ("camunda", "operaton"):
        thrown = node(
            '<intermediateThrowEvent id="n"><signalEventDefinition id="d" signalRef="s"><extensionElements>'
            f'<{prefix}:in source="order" target="order_number" /><{prefix}:in sourceExpression="${{a + 1}}" '
            f'target="b" /><{prefix}:in variables="all" /></extensionElements></signalEventDefinition>'
            "</intermediateThrowEvent>",
            definitions,
        ).trigger
        assert (thrown.kind, thrown.ref, thrown.name) == ("signal", "s", "closed-${order}")
        first, second, rest = thrown.mappings_in
        assert (first.source, first.target) == ("order", "order_number")
        assert (second.source_expression, second.target) == ("${a + 1}", "b")
        assert rest.all


def test_an_escalation_has_a_code_and_names_the_variable_for_it():
    definitions = '<escalation id="e" name="晚了" escalationCode="too_late" />'
    for prefix in ("camunda", "operaton"):
        caught = node(
            '<task id="t" /><boundaryEvent id="n" attachedToRef="t" cancelActivity="false">'
            f'<escalationEventDefinition escalationRef="e" {prefix}:escalationCodeVariable="code" />'
            "</boundaryEvent>",
            definitions,
        )
        assert not caught.interrupting
        assert (caught.trigger.kind, caught.trigger.code, caught.trigger.code_variable) == (
            "escalation",
            "too_late",
            "code",
        )
    everything = node('<endEvent id="n"><escalationEventDefinition /></endEvent>').trigger
    assert (everything.kind, everything.code) == ("escalation", "")


def test_a_condition_may_look_at_one_variable_only():
    for prefix in ("camunda", "operaton"):
        found = node(
            '<intermediateCatchEvent id="n"><conditionalEventDefinition id="d" '
            f'{prefix}:variableName="stock" {prefix}:variableEvents="create, update">'
            '<condition xsi:type="tFormalExpression" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            'language="juel">${stock &lt; 5}</condition></conditionalEventDefinition></intermediateCatchEvent>'
        ).trigger
        assert (found.kind, found.condition, found.language) == ("conditional", "${stock < 5}", "juel")
        assert (found.variable_name, found.variable_events) == ("stock", ("create", "update"))


def test_links_go_by_their_own_name():
    found = node(
        '<intermediateThrowEvent id="n" name="继续"><linkEventDefinition id="d" name="on" /></intermediateThrowEvent>'
    )
    assert (found.trigger.kind, found.trigger.name) == ("link", "on")


def test_an_association_leads_from_a_compensation_event_to_what_undoes_the_work():
    scope = (
        diagram(
            '<serviceTask id="book" /><boundaryEvent id="undone" attachedToRef="book">'
            '<compensateEventDefinition id="d" /></boundaryEvent><userTask id="unbook" isForCompensation="true" />'
            '<textAnnotation id="note"><text>x</text></textAnnotation>'
            '<association id="a" sourceRef="undone" targetRef="note" />'
            '<association id="b" associationDirection="One" sourceRef="undone" targetRef="unbook" />'
        )
        .processes["p"]
        .scope
    )
    assert scope.nodes["undone"].trigger.kind == "compensate"
    assert scope.nodes["undone"].handler == "unbook"
    assert scope.nodes["unbook"].for_compensation
    assert not scope.nodes["book"].for_compensation


def test_a_compensation_may_name_one_activity():
    found = node(
        '<intermediateThrowEvent id="n"><compensateEventDefinition id="d" activityRef="book" '
        'waitForCompletion="false" /></intermediateThrowEvent>'
    ).trigger
    assert (found.kind, found.activity_ref, found.waits_for_completion) == ("compensate", "book", False)
    assert node('<endEvent id="n"><compensateEventDefinition /></endEvent>').trigger.waits_for_completion


def test_an_event_subprocess_says_what_triggers_it_and_whether_it_interrupts():
    found = node(
        '<subProcess id="n" triggeredByEvent="true"><startEvent id="s" isInterrupting="false">'
        "<timerEventDefinition><timeCycle>R/PT1H</timeCycle></timerEventDefinition></startEvent></subProcess>"
    )
    assert found.by_event
    start = found.scope.nodes["s"]
    assert not start.interrupting
    assert (start.trigger.kind, start.trigger.cycle) == ("timer", "R/PT1H")
    assert not node('<subProcess id="n" />').by_event


def test_a_standard_loop_has_its_maximum_as_an_attribute():
    found = node(
        '<userTask id="n"><standardLoopCharacteristics testBefore="true" loopMaximum="3"><loopCondition>${open}'
        "</loopCondition></standardLoopCharacteristics></userTask>"
    ).repeat
    assert (found.test_before, found.maximum, found.condition) == (True, "3", "${open}")
    bare = node('<userTask id="n"><standardLoopCharacteristics /></userTask>').repeat
    assert (bare.test_before, bare.maximum, bare.condition) == (False, "", "")


def test_a_multi_instance_activity_may_throw_an_event_that_is_defined_at_the_top():
    definitions = '<signal id="s" name="done" /><signalEventDefinition id="d" signalRef="s" />'
    found = node(
        '<userTask id="n"><multiInstanceLoopCharacteristics behavior="One" oneBehaviorEventRef="d" '
        'camunda:collection="items" /></userTask>',
        definitions,
    ).loop
    assert (found.behavior, found.event.kind, found.event.name) == ("One", "signal", "done")
    assert (
        node(
            '<userTask id="n"><multiInstanceLoopCharacteristics camunda:collection="items" /></userTask>'
        ).loop.event
        is None
    )


def test_an_event_may_refer_to_a_definition_at_the_top():
    definitions = '<timerEventDefinition id="soon"><timeDuration>PT5M</timeDuration></timerEventDefinition>'
    found = node(
        '<intermediateCatchEvent id="n"><eventDefinitionRef>soon</eventDefinitionRef></intermediateCatchEvent>',
        definitions,
    )
    assert (found.trigger.kind, found.trigger.duration) == ("timer", "PT5M")
    both = node(
        '<intermediateCatchEvent id="n"><cancelEventDefinition /><eventDefinitionRef>soon</eventDefinitionRef>'
        "</intermediateCatchEvent>",
        definitions,
    )
    assert both.trigger.kind == "multiple"


def test_an_ad_hoc_subprocess_has_an_order_and_a_condition():
    found = node(
        '<adHocSubProcess id="n" ordering="Sequential" cancelRemainingInstances="false"><userTask id="a" />'
        "<completionCondition>${sorted}</completionCondition></adHocSubProcess>"
    )
    assert (found.ad_hoc.sequential, found.ad_hoc.cancel_remaining) == (True, False)
    assert found.ad_hoc.completion_condition == "${sorted}"
    assert list(found.scope.nodes) == ["a"]
    usual = node('<adHocSubProcess id="n" />').ad_hoc
    assert (usual.sequential, usual.cancel_remaining, usual.completion_condition) == (False, True, "")


def test_transactions_are_read_inside_and_cancel_events_are_known():
    found = node(
        '<transaction id="n"><endEvent id="e"><cancelEventDefinition /></endEvent></transaction>'
        '<boundaryEvent id="b" attachedToRef="n"><cancelEventDefinition /></boundaryEvent>'
    )
    assert found.scope.nodes["e"].trigger.kind == "cancel"


def test_a_complex_gateway_has_its_activation_condition():
    found = node(
        '<complexGateway id="n" default="f"><activationCondition>${activationCount &gt;= 2}</activationCondition>'
        "</complexGateway>"
    )
    assert (found.activation, found.default) == ("${activationCount >= 2}", "f")


def test_an_operation_may_send_the_message_of_an_event():
    for prefix in ("camunda", "operaton"):
        found = node(
            f'<endEvent id="n"><messageEventDefinition {prefix}:type="external" {prefix}:topic="notify.send" />'
            "</endEvent>"
        ).trigger
        assert (found.kind, found.topic) == ("message", "notify.send")


def test_a_script_task_says_where_its_result_goes():
    for prefix in ("camunda", "operaton"):
        found = node(
            f'<scriptTask id="n" scriptFormat="javascript" {prefix}:resultVariable="sum"><script>a + b</script>'
            "</scriptTask>"
        ).script
        assert (found.format, found.text, found.result_variable) == ("javascript", "a + b", "sum")


def test_a_reference_may_carry_the_prefix_of_the_files_own_namespace():
    plain = (FOLDER / "boundary_event/valid_error.bpmn").read_text()
    namespace = re.search(r'targetNamespace="([^"]+)"', plain)[1]
    prefixed = plain.replace(
        f'targetNamespace="{namespace}"', f'targetNamespace="{namespace}" xmlns:tns="{namespace}"'
    )
    for attribute in ("attachedToRef", "errorRef", "bpmnElement"):
        prefixed = prefixed.replace(f'{attribute}="', f'{attribute}="tns:')
    prefixed = re.sub(r"(<\w+:(?:incoming|outgoing)>)", r"\1tns:", prefixed)
    assert prefixed.count("tns:") > 5
    assert [str(problem) for problem in problems_in(prefixed)] == [str(problem) for problem in problems_in(plain)]
    read_plain, _ = read.diagram(plain.encode(), "x.bpmn")
    read_prefixed, _ = read.diagram(prefixed.encode(), "x.bpmn")
    assert read_prefixed.processes == read_plain.processes
    # Another namespace's are not in this file.
    foreign = prefixed.replace(f'xmlns:tns="{namespace}"', 'xmlns:tns="http://elsewhere.example"')
    assert "dangling_reference" in {problem.rule for problem in problems_in(foreign)}


def test_a_diagram_says_which_errors_of_a_step_it_catches():
    def edge(of, inside):
        return f'<boundaryEvent id="at_{of}" attachedToRef="{of}">{inside}</boundaryEvent>'

    process = diagram(
        '<subProcess id="around"><serviceTask id="deep" /><serviceTask id="deeper" />'
        + edge("deep", '<errorEventDefinition errorRef="e" />')
        + '</subProcess><subProcess id="bare"><serviceTask id="alone" /></subProcess><serviceTask id="told" />'
        + edge("around", "<errorEventDefinition />")
        + edge("bare", "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>")
        + edge("told", '<errorEventDefinition errorRef="e" />'),
        '<error id="e" errorCode="full" />',
    ).processes["p"]
    assert process.catches("told", "full") and not process.catches("told", "other")
    assert process.catches("deep", "full") and process.catches("deeper", "other")
    assert not process.catches("alone", "full") and not process.catches("gone", "full")
