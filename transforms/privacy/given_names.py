"""Given names that are common in English- and Portuguese-speaking countries, folded to plain lower case.

Names that are also everyday words, months, gems, flowers, towns or brands (Mark, Grace, May, Ruby, Rose, Austin,
Mercedes) are left out: they count as names only behind a cue such as "my name is".
"""

from __future__ import annotations

GIVEN_NAMES = frozenset(
    """
aaron abigail adam adriana adriano afonso agatha agnes aisha alan alana albert alberto aldo alejandro alessandra
alessandro alexander alexandra alexandre alexis alfred alfredo alice alicia aline alison allan allison alyssa amanda
amelia amelie ana anabela anderson andre andrea andreia andrew andy angela angelica angelina angelo anita ann anna
anne annette anthony antonia antonio antony aparecida ariana arlene arnold arthur artur ashley augusto aurora
barbara barry beatrice beatriz benedita benedito benjamin bernadette bernard bernardo beth bethany betty beverly
bianca brandon brenda breno brent brett brian brianna bridget brittany bruce bruna bruno bryan caio caitlin caleb
calvin cameron camila camille carl carla carlos carmen carol carole caroline carolyn catarina catherine cathy
cecilia celeste celia celina celso cesar charlene charles cheryl chloe chris christian christina christine
christopher cintia claire clara clarice clarissa claudia claudio cleide cleusa clifford clodoaldo colin colleen
connie conor corey courtney craig cristiana cristiane cristiano cristina curtis cynthia dalva damian daniel daniela
daniele danielle danilo danny darlene darren daryl dave davi david debbie deborah debra denise dennis derek diana
diane diego dina diogo dirceu dolores dominic donald donna dora doris dorothy douglas duarte dulce dylan edgar edith
edmund edna edson eduarda eduardo edward edwin eileen elaine eleanor elena eli eliana eliane elias elijah elisa
elisabete elizabeth ella ellen ellie elsa elton emanuel emilia emiliano emily emma enzo eric erica erick erik erika
erin estela estelle esther ethan eugene eunice eva evandro evelyn everton fabiana fabiano fabio fabricio fatima
felipe fernanda fernando filipa filipe fiona flavia flavio frances francesca francisca francisco franklin fred
frederick frederico gabriel gabriela gabrielle gail gareth gary gavin geoffrey george geovana gerald geraldo
gilberto gilda gillian gilmar giovana giovanna gisele giselle gladys glauber glenn gloria goncalo gonzalo gordon
graca graham greg gregory guilherme gustavo hannah harold harriet harry heather heitor helen helena helga helio
heloisa henrique henry herbert hilary howard hugo ian ignacio igor inacio ines ingrid irene isaac isabel isabela
isabella isabelle isabelly isadora isaias isis ismael ivan ivete ivone jacinta jackie jacob jacqueline jaime
jair jake james jamie jane janet janice jared jasmine jason javier jean jeanne jeff jeffrey jenna jennifer jenny
jeremiah jeremy jerry jesse jessica jill joan joana joanna joanne joao joaquim joaquina jodie joe joel joelma john
johnny jon jonas jonathan jorge jose josefa joseph josh joshua josiane joyce juan judith julia julian juliana
juliano julie julio jussara justin karen karina karine karl kate katherine kathleen kathryn kathy katia katie kauan
kayla keith kelly kelvin ken kenneth kevin kim kimberly kirsten kristen kyle lais larissa larry laura lauren
laurence laurie lavinia lawrence leah leandro leila leo leon leona leonard leonardo leonor leslie leticia levi liam
lidia ligia lilian liliana lillian linda lindsay lisa livia liz logan lois lorena lorraine louis louise lourdes luan
luana luca lucas lucia luciana luciane luciano lucy luis luisa luiz luiza luke lurdes lydia madalena madeleine
madison mafalda magali manoel manuel manuela mara marcela marcelo marcia marcio marco marcos marcus margaret
margarida maria mariana marianne marie marilyn marina mario marisa maristela marjorie marlene marta martha martim
martyn mary mateus matheus mathew matilde matthew maureen mauricio mauro maxine megan melanie melissa
mercia meredith michael michele michelle miguel mike milena milton mirela miriam mitchell moises molly monica
monique morgan murilo nadia nadine nancy naomi natalia natalie natasha nathalia nathan neide nelson neuza nicholas
nick nicola nicolas nicole nigel nilson nilton nina noah noel nora norma nuno odete olga oliver olivia orlando oscar
osvaldo otavio owen pablo paloma pamela patricia patrick paul paula paulo pedro penelope peter philip philippa
phillip phyllis pietro priscila rachel rafael rafaela raimunda raimundo ralph ramon raquel raul rayssa rebecca
regiane regina reginaldo renan renata renato rhonda ricardo richard rita robert roberta roberto rodney rodrigo roger
rogerio romulo ronaldo rosalia rosana rosangela rosario roseli rosemary ross roy ruben rui russell ruth ryan sabrina
sally samantha samara samuel sandra sara sarah scott sean sebastian sebastiana sebastiao sergio seth severino
shannon sharon shaun shawn sheila shelby sheryl shirley sidney silas silvana silvia silvio simao simon simone sofia
solange sonia sophia sophie stacey stanley stefan stefanie stella stephanie stephen steve steven stewart stuart
suely susan susana suzana suzanne sylvia tamara tania tara tatiana tayna telma terence teresa teresinha terezinha
thais theo theodore theresa thiago thomas tiago tiffany tim timothy tina todd tom tomas tommy toni tony tracey tracy
travis trevor tristan tyler ulisses ursula valdir valentina valeria vanda vanessa vania vasco vera veronica vicente
victoria vilma vincent vinicius vitor vitoria vivian viviane wagner wallace walter wanda wanderson wayne wellington
wendy wesley whitney william wilma wilson xavier yara yasmin yolanda yuri yvette yvonne zachary zelia zoe
""".split()  # noqa: SIM905 - one word beside the other can be read
)
"""Lower case without accents; compare names folded in the same way."""
